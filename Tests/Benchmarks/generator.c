// Sends a bounded number of frames at a steady rate.
//
//   generator INTERFACE RATE COUNT
//
// COUNT classic frames, RATE of them a second (0: as fast as the queue takes them), with the identifiers 100 to 1FF in
// turn. The eight data bytes of each are the time just before it was handed to the kernel: CLOCK_MONOTONIC in
// nanoseconds, little endian. A reader on the same machine subtracts it from its own clock. A frame that is late goes
// at once, so that the rate is kept over the run. Prints what was sent, as one line of JSON.
#include <errno.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, FULL_QUEUE_WAIT_US = 100 };

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void wait_until(uint64_t due) {
    uint64_t time = now();
    if (time >= due) return;
    struct timespec rest = {.tv_sec = (time_t)((due - time) / SECOND), .tv_nsec = (long)((due - time) % SECOND)};
    nanosleep(&rest, NULL);
}

// A socket that sends and receives nothing. Returns -1 and says why when it cannot be had.
static int open_bus(const char *interface) {
    int bus = socket(AF_CAN, SOCK_RAW, CAN_RAW);
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(interface)};
    if (bus < 0 || setsockopt(bus, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0) < 0 ||
        bind(bus, (struct sockaddr *)&address, sizeof address) < 0) {
        perror(interface);
        return -1;
    }
    return bus;
}

// Sends one frame, again while the queue is full; returns how often it was, or -1.
static long send_frame(int bus, const struct can_frame *frame) {
    long refused = 0;
    while (write(bus, frame, sizeof *frame) < 0) {
        if (errno != ENOBUFS) {
            perror("write");
            return -1;
        }
        refused++;
        usleep(FULL_QUEUE_WAIT_US);
    }
    return refused;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: generator INTERFACE RATE COUNT\n", stderr);
        return 64;
    }
    double rate = atof(argv[2]);
    long count = atol(argv[3]), full = 0;
    int bus = open_bus(argv[1]);
    if (bus < 0) return 1;
    uint64_t begin = now();
    for (long i = 0; i < count; i++) {
        if (rate > 0) wait_until(begin + (uint64_t)((double)i * SECOND / rate));
        struct can_frame frame = {.can_id = 0x100 + (i & 0xFF), .can_dlc = 8};
        uint64_t time = now();
        memcpy(frame.data, &time, sizeof time);
        long refused = send_frame(bus, &frame);
        if (refused < 0) return 1;
        full += refused;
    }
    printf("{\"sent\":%ld,\"queue_full\":%ld,\"seconds\":%.6f}\n", count, full, (double)(now() - begin) / SECOND);
    return 0;
}
