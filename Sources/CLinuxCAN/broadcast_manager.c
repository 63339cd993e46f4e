// Messages of a CAN_BCM socket, whose header ends in a flexible array of frames.
#define _GNU_SOURCE
#include "CLinuxCAN.h"
#include "stamps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(sizeof(struct bcm_msg_head) == 56, "bcm_msg_head");
_Static_assert(offsetof(struct bcm_msg_head, frames) == 56, "frames");

enum { CAPACITY = 257 };

static struct bcm_timeval split(int64_t us) {
    return (struct bcm_timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

int ccan_bcm_write(int socket, const struct ccan_bcm_head *head, const struct canfd_frame *frames) {
    if (head->frame_count > CAPACITY) return -EINVAL;
    char message[sizeof(struct bcm_msg_head) + CAPACITY * sizeof(struct canfd_frame)];
    struct bcm_msg_head kernel = {
        .opcode = head->opcode, .flags = head->flags, .count = head->count, .can_id = head->can_id,
        .nframes = head->frame_count, .ival1 = split(head->interval1_us), .ival2 = split(head->interval2_us)};
    memcpy(message, &kernel, sizeof kernel);
    size_t size = head->flags & CAN_FD_FRAME ? sizeof(struct canfd_frame) : sizeof(struct can_frame);
    char *end = message + sizeof kernel;
    for (uint32_t i = 0; i < head->frame_count; i++, end += size) memcpy(end, &frames[i], size);
    return write(socket, message, (size_t)(end - message)) < 0 ? -errno : 0;
}

// Room for a head and one frame, and for SCM_TIMESTAMPING (three timespecs).
enum {
    REPORT = sizeof(struct bcm_msg_head) + sizeof(struct canfd_frame),
    STAMP = CMSG_SPACE(STAMPS_SIZE),
};

struct ccan_bcm_batch {
    struct mmsghdr headers[CCAN_BATCH];
    struct iovec vectors[CCAN_BATCH];
    struct ccan_bcm_report reports[CCAN_BATCH];
    char messages[CCAN_BATCH][REPORT];
    _Alignas(struct cmsghdr) char control[CCAN_BATCH][STAMP];
};

struct ccan_bcm_batch *ccan_bcm_batch_new(void) {
    struct ccan_bcm_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    for (int i = 0; i < CCAN_BATCH; i++) {
        batch->vectors[i] = (struct iovec){batch->messages[i], REPORT};
        batch->headers[i].msg_hdr = (struct msghdr){
            .msg_iov = &batch->vectors[i], .msg_iovlen = 1,
            .msg_control = batch->control[i], .msg_controllen = STAMP};
    }
    return batch;
}

void ccan_bcm_batch_free(struct ccan_bcm_batch *batch) { free(batch); }

const struct ccan_bcm_report *ccan_bcm_batch_reports(const struct ccan_bcm_batch *batch) { return batch->reports; }

static void read_report(const char *message, size_t length, struct ccan_bcm_report *report) {
    memset(report, 0, sizeof *report);
    struct bcm_msg_head head;
    if (length < sizeof head) return;
    memcpy(&head, message, sizeof head);
    report->opcode = head.opcode;
    report->flags = head.flags;
    report->can_id = head.can_id;
    size_t size = head.flags & CAN_FD_FRAME ? sizeof(struct canfd_frame) : sizeof(struct can_frame);
    if (!head.nframes || length < sizeof head + size) return;
    report->frame_count = 1;
    memcpy(&report->frame, message + sizeof head, size);
}

int ccan_bcm_receive(int socket, struct ccan_bcm_batch *batch) {
    int count = recvmmsg(socket, batch->headers, CCAN_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &batch->headers[i].msg_hdr;
        read_report(batch->messages[i], batch->headers[i].msg_len, &batch->reports[i]);
        batch->reports[i].software_ns = software_stamp(header);
        header->msg_controllen = STAMP;  // the kernel has overwritten it
        header->msg_flags = 0;
    }
    return count;
}
