"""Sits at a terminal and runs `ns-register run -it`: what is typed arrives, the size of the window too, when it changes as
well, keys such as Ctrl-C reach the command alone, and the terminal is as before at the end."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

SCRIPT = r"""
trap 'echo interrupted' INT
trap 'stty size' WINCH
stty size
while read -r line; do echo "got $line"; [ "$line" = end ] && exit 14; done
"""


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        set_size(0, 33, 77)
        os.execvp("ns-register", ["ns-register", "run", "-it", "--name", "typed", "--", "bash", "-c", SCRIPT])
    seen = b""

    def until(text, nudge=None):
        nonlocal seen
        while text not in seen:
            if nudge and not select.select([terminal], [], [], 0.1)[0]:
                os.write(terminal, nudge)
                continue
            try:
                got = os.read(terminal, 4096)
            except OSError:
                got = b""
            if not got:
                sys.exit(f"expected {text!r}, came {seen!r}")
            seen += got
        seen = seen[seen.index(text) + len(text):]

    signal.alarm(30)  # the end of a hanging test
    until(b"33 77\r\n")
    os.write(terminal, b"hello\n")
    until(b"got hello\r\n")
    os.write(terminal, b"\x03")
    until(b"interrupted\r\n")
    set_size(terminal, 44, 88)
    until(b"44 88\r\n", nudge=b"\n")  # bash runs the trap when a line has come after the signal
    os.write(terminal, b"end\n")
    until(b"got end\r\n")
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != 14:
        sys.exit(f"expected the exit status 14, came {os.waitstatus_to_exitcode(status)}")


main()
