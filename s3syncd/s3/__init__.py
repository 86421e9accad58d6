"""One bucket, behind `bucket.Bucket`.

What is uploaded, deleted or listed goes on connections of our own; copies, what is read back, and
all behind a proxy by awscrt. First contact and control requests go on connections of our own where
everything is known beforehand (`plain`), else by boto3.
"""
