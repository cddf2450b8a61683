"""Chinese surnames by how common they are, and given names: simulated, so that each pairing is chance."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

_COMMON_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝"
    "龚邵万钱严武戴莫孔向汤"
)
_DOUBLE_SURNAMES: Final = ("欧阳", "上官", "司马", "诸葛")
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红玲辉建国文斌鹏飞宇浩然子轩欣怡佳琪"
    "梓涵思雨晨曦俊凯嘉慧雪梅春燕海波志远晓东立新永康家豪雅婷诗琴"
)

SURNAMES: Final = (*_COMMON_SURNAMES, *_DOUBLE_SURNAMES)
SURNAME_WEIGHTS: Final[npt.NDArray[np.float64]] = (1 / (np.arange(len(SURNAMES)) + 6.0)) / (
    1 / (np.arange(len(SURNAMES)) + 6.0)
).sum()
"""Falling with the rank: the first three are about a fifth of people, as in the census."""

_SINGLES: Final = tuple(dict.fromkeys(_GIVEN))
GIVEN_NAMES: Final = (*_SINGLES, *(first + second for first, second in product(_SINGLES, _SINGLES)))
"""Mostly of two characters, some of one."""
