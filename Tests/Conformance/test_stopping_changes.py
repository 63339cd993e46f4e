"""A change of an interface that is under way when the service is told to stop is brought to its end, and answered."""
import signal
import threading

from links import settings
from service import assert_problem, wait_until

RATES = (250000, 500000)


def test_a_controller_is_not_left_half_changed(start, controllers):
    """Told to stop in the middle of a change that takes the controller down and brings it up again."""
    for turn in range(6):
        service = start()
        answers = []

        def change(service=service, answers=answers):
            for number in range(100):
                try:
                    answers.append((number, service.request(
                        "PATCH", "/v1/interfaces/can0",
                        json_body={"bitrate": RATES[number % 2], "cycle": True, "restart_ms": number % 2})))
                except OSError:
                    return

        changer = threading.Thread(target=change)
        changer.start()
        # One is under way nearly all the time.
        wait_until(lambda: len(answers) > 2 + turn, "some changes are done")
        service.process.send_signal(signal.SIGTERM)
        changer.join()
        assert service.process.wait(10) == 0
        done = [number for number, answer in answers if answer.status == 200]
        for _, answer in answers[len(done):]:
            assert_problem(answer, 503, "shutting-down")
        now = settings("can0")
        assert now["up"], f"turn {turn}: {now}"
        assert now["bit_timing"]["bitrate"] == RATES[done[-1] % 2], f"turn {turn}: {now}"
