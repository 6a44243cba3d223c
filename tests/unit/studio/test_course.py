"""What is shown of a job that runs: its stage, how long it still takes, and how a training stands."""

import time

from antiphon.studio.course import Course


def test_a_training_tells_its_loss_and_what_the_guide_is_worth():
    course = Course()
    course.heard("encode", 3, 3)
    assert (course.loss, course.worth) == (None, None)
    course.heard("train", 0, 20)
    course.heard("train: 3.214 bits", 1, 20)
    assert (course.loss, course.worth) == (3.214, None)
    course.heard("train: 3.100 bits, -0.020 by the guide", 2, 20)
    assert (course.loss, course.worth) == (3.1, -0.02)


def test_the_opponents_beside_the_network_that_hears_are_not_shown_but_waited_for():
    course = Course()
    for done in (0, 1):
        course.heard("train: 3.100 bits", done, 2)
        course.heard("train the deaf model: 4.000 bits", done, 11)
        time.sleep(0.02)
    assert (course.task, course.loss) == ("train: 3.100 bits", 3.1)
    course.heard("train: 3.000 bits", 2, 2)
    assert course.left > 0.1
    course.heard("train the deaf model: 3.900 bits, 0.900 by the guide", 2, 11)
    assert course.task == "train the deaf model: 3.900 bits, 0.900 by the guide"
    assert (course.loss, course.worth) == (3.0, 0.9)


def test_nothing_is_known_of_the_time_left_until_a_stage_has_gone_on():
    course = Course()
    course.heard("respond", 0, 4)
    assert course.left is None
    time.sleep(0.02)
    course.heard("respond", 2, 4)
    assert 0.01 < course.left < 10
    course.heard("write", 0, 1)
    assert course.left is None
