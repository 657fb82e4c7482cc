"""What has to hold between the parts of an interface; runs on a model whose file may have mistakes."""
