"""The ground of the house: messages, files, the cache, the Hub, processes, PCM. Imports nothing of ours."""
