// The times that SCM_TIMESTAMPING carries: three timespecs, by software, unused, by the hardware.
#pragma once

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { STAMP_SOFTWARE = 0, STAMP_HARDWARE = 2, STAMPS_SIZE = 3 * sizeof(struct timespec) };

// One of them, in nanoseconds; 0: there is none.
static inline int64_t stamp(const struct cmsghdr *message, int which) {
    struct timespec times[3];
    memcpy(times, CMSG_DATA(message), sizeof times);
    return times[which].tv_sec * INT64_C(1000000000) + times[which].tv_nsec;
}

// The software's time of a message that was received, in nanoseconds; 0: it carries none.
static inline int64_t software_stamp(struct msghdr *header) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) return stamp(c, STAMP_SOFTWARE);
    return 0;
}
