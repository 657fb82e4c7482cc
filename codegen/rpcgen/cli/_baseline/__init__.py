"""What an interface file is compared with: releases that are kept in a folder, other files, or a commit."""
