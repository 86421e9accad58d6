"""One bucket, behind `bucket.Bucket`.

Small requests and listings go on connections of our own, large bodies by awscrt. First contact and
control requests go on connections of our own where everything is known beforehand (`plain`), else
by boto3.
"""
