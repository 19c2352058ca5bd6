"""The architectures that come with the suite, one file each; the registry finds every file in this folder."""
