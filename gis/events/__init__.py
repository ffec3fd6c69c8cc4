"""What has been committed, in the order of its commits: numbered, read, and cut to what each listener may see."""
