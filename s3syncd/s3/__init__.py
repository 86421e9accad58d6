"""One bucket, behind `bucket.Bucket`.

The data plane goes by awscrt, small requests on connections of our own; the control plane by boto3.
"""
