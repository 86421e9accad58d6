"""Speed, CPU and memory of the installed command, measured on this machine; never a test."""
