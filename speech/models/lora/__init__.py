"""LoRA adapters that anybody may have written, checked before peft sees them."""
