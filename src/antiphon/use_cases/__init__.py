"""What each verb of the command line does: one public function each, files in and files out."""
