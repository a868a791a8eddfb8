"""Shell scripts that look for a way out, or for more rights; what they get they print with GOT- in front."""

LOOK_AROUND = (
    "for a in 127.0.0.1 169.254.169.254 172.17.0.1 10.0.0.1 192.168.0.1 192.0.2.1 {host}; do"
    " for p in {ports} 80 6379 5432; do timeout 1 nc -w 1 $a $p < /dev/null && echo GOT-OUT $a $p; done; done;"
    " find / -xdev -type s 2> /dev/null | sed s/^/GOT-SOCKET/; ls /var/run/docker.sock /run/drydock 2> /dev/null"
    " && echo GOT-RUN; ip -o route 2> /dev/null | grep . && echo GOT-ROUTE; true"
)

GET_MORE = (
    "mount -t tmpfs none /mnt && echo GOT-MOUNT; mknod /tmp/sda b 8 0 && echo GOT-DEVICE;"
    " mknod /tmp/mem c 1 1 && echo GOT-DEVICE; unshare -Ur true && echo GOT-NAMESPACE;"
    " unshare -m true && echo GOT-NAMESPACE; nsenter -t 1 -n true && echo GOT-OTHERS;"
    " echo 1 > /proc/sys/kernel/panic && echo GOT-KERNEL; echo b > /proc/sysrq-trigger && echo GOT-KERNEL;"
    " hostname else && echo GOT-HOST; date -s 2000-01-01; date +%Y | grep -q 2000 && echo GOT-CLOCK;"
    " dmesg && echo GOT-LOG;"
    " ls /dev/sd* /dev/vd* /dev/kmsg /dev/mem 2> /dev/null && echo GOT-DEVICES;"
    " cat /proc/self/uid_map | grep -q '^ *0 *0 ' && echo GOT-ROOT; true"
)
