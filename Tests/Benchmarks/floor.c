// The floor: the least that a server can spend which hands every frame of a bus to every reader.
//
//   floor INTERFACE PORT READERS
//
// One thread and one CAN socket. Frames are read in batches, each becomes a record of 130 bytes once, and every
// wake-up writes all new records to each reader with one call. No HTTP, no JSON beyond what a reader looks for, no
// filter, no log: a reader that stops reading stops everything. Prints "ready" when it listens on 127.0.0.1:PORT,
// takes exactly READERS connections, answers the first bytes of each with an `open` record, then runs until killed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BATCH = 64,           // frames of one wake-up at most, as the service reads them
    RECORD = 130,         // bytes, about those of an event as JSON
    DIGITS = 24,          // where the 16 digits of the payload begin in it
    CONTROL = 64,         // room for the kernel's timestamp
    READERS_AT_MOST = 1024,
    RECEIVE_BUFFER = 8 << 20,
};

static const char opening[] = "{\"type\":\"open\"}\n";
static char record[RECORD + 1];
static struct can_frame frames[BATCH];
static char controls[BATCH][CONTROL];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];
static char out[BATCH * RECORD];

static int checked(int result, const char *call) {
    if (result < 0) {
        perror(call);
        exit(1);
    }
    return result;
}

static void enable(int descriptor, int level, int option) {
    int on = 1;
    checked(setsockopt(descriptor, level, option, &on, sizeof on), "setsockopt");
}

// The CAN socket, set up as the service's: a large receive buffer and timestamps.
static int open_bus(const char *interface) {
    int bus = checked(socket(AF_CAN, SOCK_RAW, CAN_RAW), "socket");
    int size = RECEIVE_BUFFER;
    checked(setsockopt(bus, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size), "SO_RCVBUFFORCE");
    enable(bus, SOL_SOCKET, SO_TIMESTAMPNS);
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(interface)};
    checked(bind(bus, (struct sockaddr *)&address, sizeof address), interface);
    return bus;
}

static int open_listener(int port) {
    int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
    enable(listener, SOL_SOCKET, SO_REUSEADDR);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    checked(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    checked(listen(listener, READERS_AT_MOST), "listen");
    return listener;
}

static int accept_reader(int listener) {
    char request[4096];
    int reader = checked(accept(listener, NULL, NULL), "accept");
    enable(reader, IPPROTO_TCP, TCP_NODELAY);
    checked((int)read(reader, request, sizeof request), "read");
    checked((int)send(reader, opening, sizeof opening - 1, MSG_NOSIGNAL), "send");
    return reader;
}

// What all records have in common: {"type":"frame","data":"…"} and filling.
static void prepare_record(void) {
    int written = snprintf(record, sizeof record, "{\"type\":\"frame\",\"data\":\"%016d\",\"filling\":\"", 0);
    memset(record + written, 'x', (size_t)(RECORD - written));
    memcpy(record + RECORD - 3, "\"}\n", 3);
}

static void prepare_messages(void) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){&frames[i], sizeof frames[i]};
        messages[i].msg_hdr = (struct msghdr){
            .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = CONTROL};
    }
}

// Writes the records of the batch to `out` and returns how many bytes they are.
static size_t write_records(int count) {
    static const char digits[] = "0123456789ABCDEF";
    char *end = out;
    for (int i = 0; i < count; i++, end += RECORD) {
        memcpy(end, record, RECORD);
        for (int j = 0; j < 8; j++) {
            end[DIGITS + 2 * j] = digits[frames[i].data[j] >> 4];
            end[DIGITS + 2 * j + 1] = digits[frames[i].data[j] & 15];
        }
    }
    return (size_t)(end - out);
}

int main(int argc, char **argv) {
    int readers[READERS_AT_MOST];
    int count = argc == 4 ? atoi(argv[3]) : 0;
    if (count < 1 || count > READERS_AT_MOST) {
        fputs("usage: floor INTERFACE PORT READERS\n", stderr);
        return 64;
    }
    int bus = open_bus(argv[1]);
    int listener = open_listener(atoi(argv[2]));
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < count; i++) readers[i] = accept_reader(listener);
    prepare_record();
    for (;;) {
        // The kernel wrote over the lengths of the control buffers.
        prepare_messages();
        int received = checked(recvmmsg(bus, messages, BATCH, MSG_WAITFORONE, NULL), "recvmmsg");
        size_t size = write_records(received);
        for (int i = 0; i < count; i++)
            if (send(readers[i], out, size, MSG_NOSIGNAL) < 0) return 0;
    }
}
