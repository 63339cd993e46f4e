// GNU functions that glibc's headers hide without _GNU_SOURCE, which an importer of Glibc cannot define.
#pragma once

// The symbolic name of an errno ("ENETDOWN") and its sentence; NULL for a number that is none.
const char *strerrorname_np(int error_number);
const char *strerrordesc_np(int error_number);
