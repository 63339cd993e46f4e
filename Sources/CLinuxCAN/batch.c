// Batched receive and send on a CAN_RAW socket.
#define _GNU_SOURCE
#include "CLinuxCAN.h"
#include "stamps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// A canfd_frame holds a classic frame too: both structures agree as far as the smaller one goes.
_Static_assert(sizeof(struct can_frame) == 16, "can_frame");
_Static_assert(sizeof(struct canfd_frame) == 72, "canfd_frame");
_Static_assert(offsetof(struct can_frame, len) == 4 && offsetof(struct canfd_frame, len) == 4, "len");
_Static_assert(offsetof(struct canfd_frame, flags) == 5, "flags");
_Static_assert(offsetof(struct can_frame, len8_dlc) == 7 && offsetof(struct canfd_frame, __res1) == 7, "len8_dlc");
_Static_assert(offsetof(struct can_frame, data) == 8 && offsetof(struct canfd_frame, data) == 8, "data");

// Room for SCM_TIMESTAMPING (three timespecs) and SO_RXQ_OVFL (a u32).
enum { CONTROL = CMSG_SPACE(STAMPS_SIZE) + CMSG_SPACE(sizeof(uint32_t)) };

struct ccan_batch {
    struct mmsghdr headers[CCAN_BATCH];
    struct iovec vectors[CCAN_BATCH];
    struct ccan_received messages[CCAN_BATCH];
    _Alignas(struct cmsghdr) char control[CCAN_BATCH][CONTROL];
};

struct ccan_batch *ccan_batch_new(void) {
    struct ccan_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    for (int i = 0; i < CCAN_BATCH; i++) {
        batch->vectors[i] = (struct iovec){&batch->messages[i].frame, sizeof batch->messages[i].frame};
        batch->headers[i].msg_hdr = (struct msghdr){
            .msg_iov = &batch->vectors[i], .msg_iovlen = 1,
            .msg_control = batch->control[i], .msg_controllen = CONTROL};
    }
    return batch;
}

void ccan_batch_free(struct ccan_batch *batch) { free(batch); }

const struct ccan_received *ccan_batch_messages(const struct ccan_batch *batch) { return batch->messages; }

static void read_control(struct msghdr *header, struct ccan_received *message) {
    message->software_ns = message->hardware_ns = 0;
    message->dropped = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == SCM_TIMESTAMPING) {
            message->software_ns = stamp(c, STAMP_SOFTWARE);
            message->hardware_ns = stamp(c, STAMP_HARDWARE);
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&message->dropped, CMSG_DATA(c), sizeof message->dropped);
        }
    }
}

int ccan_receive(int socket, struct ccan_batch *batch) {
    int count = recvmmsg(socket, batch->headers, CCAN_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &batch->headers[i].msg_hdr;
        struct ccan_received *message = &batch->messages[i];
        read_control(header, message);
        message->size = (uint8_t)batch->headers[i].msg_len;
        message->from_this_host = !!(header->msg_flags & MSG_DONTROUTE);
        message->from_this_socket = !!(header->msg_flags & MSG_CONFIRM);
        header->msg_controllen = CONTROL;  // the kernel has overwritten it
        header->msg_flags = 0;
    }
    return count;
}

int ccan_send(int socket, const struct canfd_frame *frames, const uint8_t *sizes, unsigned count) {
    struct mmsghdr headers[CCAN_BATCH];
    struct iovec vectors[CCAN_BATCH];
    if (count > CCAN_BATCH) count = CCAN_BATCH;
    memset(headers, 0, count * sizeof headers[0]);
    for (unsigned i = 0; i < count; i++) {
        vectors[i] = (struct iovec){(void *)&frames[i], sizes[i]};
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(socket, headers, count, MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}
