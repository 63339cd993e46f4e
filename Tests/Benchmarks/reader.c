// Reads one stream as cheaply as a reader can, and tells how many frames came and how late.
//
//   reader DIALECT PORT WARM COUNT SECONDS < REQUEST
//
// Connects to 127.0.0.1:PORT and sends stdin as it is; what stands behind a byte 01 only when something came back.
// Prints "ready" when the stream has begun, "warm" after WARM frames, and at the end one line of JSON. The end is when
// COUNT more frames came or were told lost, when the server closes, or when no more did for SECONDS. What is around the
// events (HTTP, WebSocket, SSE) is skipped, not parsed: it looks for a few words only, of the DIALECT:
//
//   events    canhttpd's events, and the records of the floor
//   remote    the JSON messages of python-can-remote's server
//
// Latency is this machine's CLOCK_MONOTONIC after the read that brought the frame, less the sender's, which the frame
// carries as its eight data bytes (see generator.c). No sample is kept: the latencies are counted in a histogram whose
// steps are 1/128 of the value or finer, so that a percentile is at most 0.8 % above the true one. `max` is exact.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SECOND = 1000000000,
    BUFFER = 1 << 20,
    STEP_BITS = 7,        // 128 steps for each power of two
    STEPS = 1 << STEP_BITS,
    BUCKETS = (64 - STEP_BITS + 1) * STEPS,
};

// --- The histogram ------------------------------------------------------------------------------

static uint64_t buckets[BUCKETS], samples, greatest, latest;

static unsigned bucket_of(uint64_t value) {
    unsigned width = value ? 64 - (unsigned)__builtin_clzll(value) : 0;
    unsigned shift = width > STEP_BITS + 1 ? width - STEP_BITS - 1 : 0;
    return shift * STEPS + (unsigned)(value >> shift);
}

// The greatest value that falls into the bucket.
static uint64_t top_of(unsigned bucket) {
    unsigned shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;
    return (((uint64_t)bucket - shift * STEPS + 1) << shift) - 1;
}

static void record(uint64_t value) {
    buckets[bucket_of(value)]++;
    samples++;
    latest = value;
    if (value > greatest) greatest = value;
}

static uint64_t percentile(unsigned percent) {
    uint64_t rank = (samples * percent + 99) / 100, seen = 0;
    for (unsigned bucket = 0; bucket < BUCKETS && samples; bucket++) {
        seen += buckets[bucket];
        if (seen >= rank) return top_of(bucket) < greatest ? top_of(bucket) : greatest;
    }
    return 0;
}

// --- Events -------------------------------------------------------------------------------------

// The words by which a dialect is read. A word that may come in two pieces is looked for again with more bytes.
struct dialect {
    const char *name;
    const char *mark;   // begins the kind of an event, which follows
    const char *open;   // the kinds
    const char *frame;
    const char *gap;    // NULL: it has none
    const char *data;   // begins the payload of a frame
    bool decimal;       // the payload is a list of numbers, not hex digits
};

static const struct dialect dialects[] = {
    {"events", "\"type\":\"", "open\"", "frame\"", "gap\"", "\"data\":\"", false},
    {"remote", "\"type\": \"", "bus_response\"", "message\"", NULL, "\"data\": [", true},
};

// How far the reader is.
static struct {
    long warm, count;    // asked for
    long frames, told;   // counted after the warm ones; told: lost, as gaps say
    long warmed;
    bool open;
    uint64_t now, last;  // the time after the newest read; of the newest event that was counted, 0 before one was
} state;

static bool begins(const char *text, const char *end, const char *word) {
    size_t length = strlen(word);
    return (size_t)(end - text) >= length && !memcmp(text, word, length);
}

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void count_frame(uint64_t sent) {
    if (state.warmed < state.warm) {
        if (++state.warmed == state.warm) say("warm");
        return;
    }
    state.frames++;
    state.last = state.now;
    record(state.now > sent ? state.now - sent : 0);
}

static void count_gap(long lost) {
    if (state.warmed < state.warm) {
        state.warmed += lost;
        if (state.warmed >= state.warm) say("warm");
        return;
    }
    state.told += lost;
    state.last = state.now;
}

static int digit(char c) {
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

// The sender's time, of the 16 digits or the eight numbers at text.
static uint64_t time_in(const char *text, bool decimal) {
    uint64_t time = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t byte;
        if (decimal) {
            char *rest;
            byte = strtoul(text, &rest, 10);
            text = rest + 1;
        } else {
            byte = (uint64_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
        }
        time |= byte << (8 * i);
    }
    return time;
}

// Takes the event whose kind begins at text. Returns where to look for the next, NULL when its end is not there yet.
static const char *take_event(const struct dialect *dialect, const char *text, const char *end) {
    const char *brace;
    if (begins(text, end, dialect->frame)) {
        const char *data = memmem(text, (size_t)(end - text), dialect->data, strlen(dialect->data));
        if (!data) return NULL;
        data += strlen(dialect->data);
        const char *after = dialect->decimal ? memchr(data, ']', (size_t)(end - data)) : data + 16;
        if (!after || after >= end) return NULL;
        count_frame(time_in(data, dialect->decimal));
        return after;
    }
    if (!(brace = memchr(text, '}', (size_t)(end - text)))) return NULL;
    if (begins(text, end, dialect->open)) {
        if (!state.open) say("ready");
        state.open = true;
    } else if (dialect->gap && begins(text, end, dialect->gap)) {
        static const char word[] = "\"lost\":";
        const char *lost = memmem(text, (size_t)(brace - text), word, sizeof word - 1);
        if (lost) count_gap(atol(lost + sizeof word - 1));
    }
    return brace;
}

// Takes all events that are complete between text and end; returns the first byte that is still needed.
static const char *take_events(const struct dialect *dialect, const char *text, const char *end) {
    size_t length = strlen(dialect->mark);
    const char *mark, *next;
    while ((mark = memmem(text, (size_t)(end - text), dialect->mark, length))) {
        if (!(next = take_event(dialect, mark + length, end))) return mark;
        text = next;
    }
    // The end may be the beginning of a mark.
    size_t rest = (size_t)(end - text);
    return rest < length ? text : end - length + 1;
}

// --- The connection -----------------------------------------------------------------------------

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static int connected(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int stream = socket(AF_INET, SOCK_STREAM, 0);
    return connect(stream, (struct sockaddr *)&address, sizeof address) < 0 ? -1 : stream;
}

// Returns -1 when that fails.
static int send_request(int stream, const char *request, size_t size) {
    static char answer[1 << 16];
    const char *second = memchr(request, 1, size);
    size_t first = second ? (size_t)(second - request) : size;
    if (write(stream, request, first) != (ssize_t)first) return -1;
    if (!second) return 0;
    size_t rest = size - first - 1;
    return read(stream, answer, sizeof answer) > 0 && write(stream, second + 1, rest) == (ssize_t)rest ? 0 : -1;
}

// How long to wait for more: for the first frame without an end, since the clock of a guest that counts instructions
// runs far ahead while a program is loaded. What is no frame and no gap, a heartbeat for one, does not prolong it.
static int milliseconds_left(int patience) {
    if (!state.last) return -1;
    int64_t left = (int64_t)patience * 1000 - (int64_t)(state.now - state.last) / 1000000;
    return left > 0 ? (int)left : 0;
}

static void read_stream(const struct dialect *dialect, int stream, int patience) {
    static char buffer[BUFFER];
    size_t kept = 0;
    struct pollfd readable = {.fd = stream, .events = POLLIN};
    while (state.frames + state.told < state.count) {
        if (poll(&readable, 1, milliseconds_left(patience)) <= 0) return;
        ssize_t size = read(stream, buffer + kept, BUFFER - kept);
        if (size <= 0) return;
        state.now = now();
        const char *end = buffer + kept + size;
        const char *rest = take_events(dialect, buffer, end);
        kept = (size_t)(end - rest);
        memmove(buffer, rest, kept);
    }
}

int main(int argc, char **argv) {
    const struct dialect *dialect = NULL;
    for (size_t i = 0; argc == 6 && i < sizeof dialects / sizeof *dialects; i++)
        if (!strcmp(argv[1], dialects[i].name)) dialect = &dialects[i];
    if (!dialect) {
        fputs("usage: reader events|remote PORT WARM COUNT SECONDS < REQUEST\n", stderr);
        return 64;
    }
    state.warm = atol(argv[3]);
    state.count = atol(argv[4]);
    static char request[1 << 16];
    size_t size = fread(request, 1, sizeof request, stdin);
    int stream = connected(atoi(argv[2]));
    if (stream < 0 || send_request(stream, request, size) < 0) {
        perror("reader");
        return 1;
    }
    read_stream(dialect, stream, atoi(argv[5]));
    printf("{\"frames\":%ld,\"told\":%ld,\"p50_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64
           ",\"last_ns\":%" PRIu64 "}\n",
           state.frames, state.told, percentile(50), percentile(99), greatest, latest);
    return 0;
}
