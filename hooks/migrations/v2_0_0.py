"""What 2.0.0 moves. A line for each file; steps.py says what the steps do."""

from steps import keep_edited_files, renew_unedited_files

renew_unedited_files()
keep_edited_files()
