"""What the model is shown: examples, batches, augmentation."""
