// CAN_ISOTP sockets.
#define _GNU_SOURCE
#include "CLinuxCAN.h"
#include "stamps.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct can_isotp_options) == 12, "can_isotp_options");
_Static_assert(offsetof(struct can_isotp_options, ext_address) == 8, "ext_address");
_Static_assert(offsetof(struct can_isotp_options, rx_ext_address) == 11, "rx_ext_address");
_Static_assert(sizeof(struct can_isotp_fc_options) == 3, "can_isotp_fc_options");
_Static_assert(sizeof(struct can_isotp_ll_options) == 3, "can_isotp_ll_options");

int ccan_isotp_bind(int socket, int interface_index, uint32_t receive_id, uint32_t transmit_id) {
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = interface_index};
    address.can_addr.tp.rx_id = receive_id;
    address.can_addr.tp.tx_id = transmit_id;
    return bind(socket, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int ccan_isotp_receive(int socket, uint8_t *bytes, size_t capacity, int64_t *software_ns) {
    struct iovec vector = {bytes, capacity};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(STAMPS_SIZE)];
    struct msghdr header = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(socket, &header, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) return -errno;
    *software_ns = software_stamp(&header);
    return (int)length;
}

static void nothing(int number) { (void)number; }

// close waits for the transfer to end, which a receiver that keeps asking to wait can put off for ever. A signal makes
// the kernel give the transfer up (isotp_release in net/can/isotp.c); it is repeated, as the first may come too early.
int ccan_isotp_close(int socket, int64_t grace_ns) {
    if (grace_ns < 1) grace_ns = 1;
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG};
    event._sigev_un._tid = gettid();
    struct itimerspec times = {
        .it_value = {.tv_sec = grace_ns / 1000000000, .tv_nsec = grace_ns % 1000000000},
        .it_interval = {.tv_nsec = 10000000}};
    sigset_t urgent, before;
    sigemptyset(&urgent);
    sigaddset(&urgent, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &urgent, &before);
    timer_t timer;
    int has_timer = sigaction(SIGURG, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    if (has_timer) timer_settime(timer, 0, &times, NULL);
    int result = close(socket) < 0 ? -errno : 0;
    if (has_timer) timer_delete(timer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}
