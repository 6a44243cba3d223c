"""The command line: each verb is one call of one public function."""
