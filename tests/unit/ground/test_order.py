"""An order to stop reaches whoever waits, a thread that a signal interrupted amid its wait included."""

import os
import signal
import threading
import time

from primum.ground.process import Order


def test_everybody_who_waits_is_told_and_who_comes_later_too():
    order, told = Order(), []
    threads = [threading.Thread(target=lambda: told.append(order.wait(30))) for _ in range(3)]
    for thread in threads:
        thread.start()
    order.give()
    for thread in threads:
        thread.join(30)
    assert told == [True] * 3
    assert order.wait()


def test_nothing_is_told_before_it_is_ordered():
    assert Order().wait(0.01) is False


def test_a_signal_amid_the_wait_is_obeyed_each_time():
    before = signal.getsignal(signal.SIGUSR1)
    try:
        for turn in range(300):
            order = Order()
            signal.signal(signal.SIGUSR1, lambda *_, order=order: order.give())

            def interrupt(pause: float) -> None:
                time.sleep(pause)
                os.kill(os.getpid(), signal.SIGUSR1)

            sender = threading.Thread(target=interrupt, args=(turn * 1e-6,))
            sender.start()
            assert order.wait(20)
            sender.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
