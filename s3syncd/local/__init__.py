"""The local side: who lists directories, who listens to the kernel, who opens files."""
