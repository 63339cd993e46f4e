// Linux CAN for Swift: the kernel's headers, and the operations that Swift cannot express because they need
// control-message macros, flexible arrays, unions, a signal or constants that Swift's Glibc module lacks. Those that
// return int return a count or -errno.
#pragma once

#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/isotp.h>
#include <linux/can/raw.h>
#include <stddef.h>
#include <stdint.h>

// bind and connect with a sockaddr_can, which holds a union.
int ccan_bind(int socket, int interface_index);
int ccan_connect(int socket, int interface_index);
// Has the kernel stamp what is received (SO_TIMESTAMPING).
int ccan_enable_timestamps(int socket);
// How many messages the socket has lost (SO_MEMINFO), or -errno.
int64_t ccan_drop_count(int socket);

// What one received message carries besides its bytes.
struct ccan_received {
    struct canfd_frame frame;  // a classic frame lies in its first 16 bytes
    int64_t software_ns;       // since the epoch; 0: the kernel gave none
    int64_t hardware_ns;       // the device's own clock; 0: it has none
    uint32_t dropped;          // SO_RXQ_OVFL: lost by this socket so far
    uint8_t size;              // 16 or 72
    uint8_t from_this_host;    // MSG_DONTROUTE
    uint8_t from_this_socket;  // MSG_CONFIRM
};

enum { CCAN_BATCH = 64 };

struct ccan_batch;
struct ccan_batch *ccan_batch_new(void);
void ccan_batch_free(struct ccan_batch *batch);
// The messages of the last ccan_receive.
const struct ccan_received *ccan_batch_messages(const struct ccan_batch *batch);
// Reads up to CCAN_BATCH messages without waiting (recvmmsg).
int ccan_receive(int socket, struct ccan_batch *batch);

// Writes frames without waiting (sendmmsg); sizes[i] is 16 or 72. Fewer than count may go.
int ccan_send(int socket, const struct canfd_frame *frames, const uint8_t *sizes, unsigned count);

// A broadcast manager message without its frames.
struct ccan_bcm_head {
    uint32_t opcode, flags, count, can_id, frame_count;
    int64_t interval1_us, interval2_us;
};

// Writes one message; with CAN_FD_FRAME in the flags the frames are sent as 72 bytes each, otherwise as 16.
int ccan_bcm_write(int socket, const struct ccan_bcm_head *head, const struct canfd_frame *frames);

// A broadcast manager message about a sequence or a watch: without a frame, or with one.
struct ccan_bcm_report {
    struct canfd_frame frame;  // a classic frame lies in its first 16 bytes
    int64_t software_ns;       // when the frame was received, since the epoch; 0: the kernel gave none
    uint32_t opcode, flags, can_id;
    uint32_t frame_count;      // 0 or 1
};

struct ccan_bcm_batch;
struct ccan_bcm_batch *ccan_bcm_batch_new(void);
void ccan_bcm_batch_free(struct ccan_bcm_batch *batch);
// The messages of the last ccan_bcm_receive.
const struct ccan_bcm_report *ccan_bcm_batch_reports(const struct ccan_bcm_batch *batch);
// Reads up to CCAN_BATCH messages without waiting (recvmmsg). Of a message with more frames only the first is kept.
int ccan_bcm_receive(int socket, struct ccan_bcm_batch *batch);

// bind of a CAN_ISOTP socket, whose identifiers lie in the union of sockaddr_can.
int ccan_isotp_bind(int socket, int interface_index, uint32_t receive_id, uint32_t transmit_id);
// Reads one PDU without waiting, with the time of its last frame (0: the kernel gave none). Returns its length, which
// is more than capacity when it was cut, or -EAGAIN when there is none.
int ccan_isotp_receive(int socket, uint8_t *bytes, size_t capacity, int64_t *software_ns);
// Closes a CAN_ISOTP socket, breaking off a transfer that goes on for longer than the grace. It takes 17 ms at least and
// uses a signal (SIGURG), so it is for a thread that does nothing else.
int ccan_isotp_close(int socket, int64_t grace_ns);

// Whether an interface is a serial line's, 1 or 0, by ethtool, whose requests are structures with flexible arrays.
int ccan_is_slcan(const char *interface);

