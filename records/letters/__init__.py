"""Official letters: what a letter says, which characters can be printed, and its PDF after GB/T 9704-2012."""
