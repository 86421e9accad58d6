"""One bucket, behind `bucket.Bucket`.

What is uploaded, deleted, listed or looked at goes on connections of our own; by awscrt go copies,
objects that are read back, and all behind a proxy. First contact and control requests go on
connections of our own where everything is known beforehand (`plain`), else by boto3.
"""
