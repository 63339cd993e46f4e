"""Every kind of frame, in cansend's notation, in JSON and in the kernel's structure."""
import struct

from witnesses import BRS, CLASSIC, ERROR, ESI, EXTENDED, FLEXIBLE, REMOTE

LONG = "".join(f"{byte:02X}" for byte in range(64))
EIGHT = "0011223344556677"


def standard(id, **members):
    return {"id": id, "extended": False} | members


def extended(id, **members):
    return {"id": id, "extended": True} | members


def classic(identifier, data="", length=None, raw_dlc=0):
    payload = bytes.fromhex(data)
    return struct.pack(CLASSIC, identifier, len(payload) if length is None else length, raw_dlc, payload)


def flexible(identifier, data="", flags=0):
    payload = bytes.fromhex(data)
    return struct.pack(FLEXIBLE, identifier, len(payload), flags, payload)


# In cansend's notation, in JSON as it comes out (which is also taken in), and in the kernel's structure.
KINDS = {
    "standard": ("123#DEADBEEF", standard("123", data="DEADBEEF"), classic(0x123, "DEADBEEF")),
    "one byte": ("7FF#01", standard("7FF", data="01"), classic(0x7FF, "01")),
    "eight bytes": (f"001#{EIGHT}", standard("001", data=EIGHT), classic(1, EIGHT)),
    "empty": ("000#", standard("000", data=""), classic(0)),
    "extended": ("18DAF110#0102", extended("18DAF110", data="0102"), classic(EXTENDED | 0x18DAF110, "0102")),
    "small extended": ("00000123#01", extended("00000123", data="01"), classic(EXTENDED | 0x123, "01")),
    "greatest extended": ("1FFFFFFF#", extended("1FFFFFFF", data=""), classic(EXTENDED | 0x1FFFFFFF)),
    "remote": ("123#R", standard("123", rtr=True, length=0), classic(REMOTE | 0x123)),
    "remote for 4": ("123#R4", standard("123", rtr=True, length=4), classic(REMOTE | 0x123, length=4)),
    "extended remote": (
        "18DAF110#R8", extended("18DAF110", rtr=True, length=8), classic(EXTENDED | REMOTE | 0x18DAF110, length=8)),
    "FD": ("456##0AABB", standard("456", data="AABB", fd=True), flexible(0x456, "AABB")),
    "empty FD": ("456##0", standard("456", data="", fd=True), flexible(0x456)),
    "FD with bit rate switch": ("456##101", standard("456", data="01", fd=True, brs=True), flexible(0x456, "01", BRS)),
    "FD from an error-passive sender": (
        "456##201", standard("456", data="01", fd=True, esi=True), flexible(0x456, "01", ESI)),
    "FD with both flags": (
        "456##301", standard("456", data="01", fd=True, brs=True, esi=True), flexible(0x456, "01", BRS | ESI)),
    "FD of 12 bytes": (f"456##0{LONG[:24]}", standard("456", data=LONG[:24], fd=True), flexible(0x456, LONG[:24])),
    "FD of 64 bytes": (
        f"18DAF110##1{LONG}", extended("18DAF110", data=LONG, fd=True, brs=True),
        flexible(EXTENDED | 0x18DAF110, LONG, BRS)),
}
# Frames that can-utils before 2021 neither write nor show in full.
RAW_DLC = {
    "raw DLC 9": (f"123#{EIGHT}_9", standard("123", data=EIGHT, dlc=9), classic(0x123, EIGHT, raw_dlc=9)),
    "raw DLC 15": (
        f"18DAF110#{EIGHT}_F", extended("18DAF110", data=EIGHT, dlc=15),
        classic(EXTENDED | 0x18DAF110, EIGHT, raw_dlc=15)),
    "remote with raw DLC": (
        "123#R8_C", standard("123", rtr=True, length=8, dlc=12), classic(REMOTE | 0x123, length=8, raw_dlc=12)),
}
ALL = KINDS | RAW_DLC
# Error frames: the class bits with their mark, and the data.
ERRORS = {
    "error-passive sender": (ERROR | 0x4, "0020000000000000"),
    "bus-off": (ERROR | 0x40, "0000000000000000"),
    "arbitration lost, stuff error": (ERROR | 0xA, "0500040300000000"),
}
