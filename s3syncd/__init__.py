"""s3syncd keeps local directories and S3 prefixes equal, continuously."""

__version__ = "0.1.0"
__all__ = ["__version__"]
