import socket
import threading

from primum.app.intake import PairIntake
from primum.imaging.intake import MESSAGE_BYTES, Barrier, Passed, decode, encode


def test_the_first_barrier_of_a_new_receiver_has_the_packs_read_for_its_predecessor_may_have_left_no_hint():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(10)
    told = []

    def worker():
        for _ in range(2):
            told.append(decode(theirs.recv(MESSAGE_BYTES)))
            theirs.send(encode(Passed(told[-1].number)))

    thread = threading.Thread(target=worker)
    thread.start()
    intake = PairIntake(ours, behind=True)
    assert intake.barrier(10)
    assert intake.barrier(10)
    thread.join()
    intake.close()
    theirs.close()
    assert [(type(one), one.behind) for one in told] == [(Barrier, True), (Barrier, False)]
