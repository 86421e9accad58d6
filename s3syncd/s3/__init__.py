"""One bucket: the data plane by awscrt, the control plane by boto3, behind `bucket.Bucket`."""
