// libnl-route-3: rtnetlink dumps, link notifications and changes of links.
#pragma once

#include <linux/can/netlink.h>
#include <linux/can/vxcan.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/can.h>
#include <netlink/socket.h>
