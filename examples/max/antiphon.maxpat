{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 6,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   80.0,
   80.0,
   840.0,
   680.0
  ],
  "bglocked": 0,
  "openinpresentation": 0,
  "default_fontsize": 12.0,
  "default_fontname": "Arial",
  "gridsize": [
   15.0,
   15.0
  ],
  "boxes": [
   {
    "box": {
     "id": "title",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      10.0,
      620.0,
      22.0
     ],
     "text": "Antiphon: start  antiphon live --memory MEMORY.wav , then turn. docs/osc.md has all addresses."
    }
   },
   {
    "box": {
     "id": "send",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      430.0,
      180.0,
      22.0
     ],
     "text": "udpsend 127.0.0.1 9000"
    }
   },
   {
    "box": {
     "id": "cue-start",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/start",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-stop",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      115.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/stop",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-panic",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      210.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/panic",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-keep",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      305.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/keep",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-release",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      400.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/release",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-reject",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      495.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/reject",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-jump",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      590.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/jump",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "cue-tap",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      685.0,
      50.0,
      85.0,
      22.0
     ],
     "text": "/antiphon/tap",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-follow",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      95.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 4.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-follow",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      95.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/follow $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-lead",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      133.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 8.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-lead",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      133.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/lead $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-commit",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      171.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 2.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-commit",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      171.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/commit $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-density",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      209.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 1.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-density",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      209.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/density $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-temperature",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      247.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 2.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-temperature",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      247.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/temperature $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-novelty",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      285.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0,
     "maximum": 2.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-novelty",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      285.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/novelty $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-volume",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      323.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": -60.0,
     "maximum": 12.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-volume",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      323.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/volume $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "dial-tempo",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      361.0,
      70.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 40.0,
     "maximum": 240.0,
     "format": 6,
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "set-tempo",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      110.0,
      361.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/tempo $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-0",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      95.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/rests free",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-1",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      125.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/rests follow",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-2",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      155.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/rests fill",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-3",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      185.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/unit beats",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-4",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      215.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/unit seconds",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-5",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      245.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/register off",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-6",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      275.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/memory all",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-7",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      305.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/region 10. 20.",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-8",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      335.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/region all",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "word-9",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340.0,
      365.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/tempo off",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "keys",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      560.0,
      95.0,
      60.0,
      22.0
     ],
     "text": "notein",
     "outlettype": [
      "int",
      "int",
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "pack",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      560.0,
      125.0,
      80.0,
      22.0
     ],
     "text": "pack i i",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "note",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      560.0,
      155.0,
      190.0,
      22.0
     ],
     "text": "/antiphon/guide/note $1 $2",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "load",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      560.0,
      215.0,
      70.0,
      22.0
     ],
     "text": "loadbang",
     "outlettype": [
      "bang"
     ]
    }
   },
   {
    "box": {
     "id": "metro",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      560.0,
      245.0,
      90.0,
      22.0
     ],
     "text": "metro 2000",
     "outlettype": [
      "bang"
     ]
    }
   },
   {
    "box": {
     "id": "on",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      640.0,
      215.0,
      30.0,
      22.0
     ],
     "text": "1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "subscribe",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      560.0,
      275.0,
      180.0,
      22.0
     ],
     "text": "/antiphon/subscribe 9001",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "receive",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      480.0,
      140.0,
      22.0
     ],
     "text": "udpreceive 9001",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "route",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 9,
     "patching_rect": [
      20.0,
      510.0,
      760.0,
      22.0
     ],
     "text": "route /antiphon/commit /antiphon/token /antiphon/status /antiphon/error /antiphon/heartbeat /antiphon/value /antiphon/hello /antiphon/plan",
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ]
    }
   },
   {
    "box": {
     "id": "unpack",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 10,
     "patching_rect": [
      20.0,
      545.0,
      300.0,
      22.0
     ],
     "text": "unpack i f f i f i f i s f",
     "outlettype": [
      "int",
      "float",
      "float",
      "int",
      "float",
      "int",
      "float",
      "int",
      "",
      "float"
     ]
    }
   },
   {
    "box": {
     "id": "show-segment",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      580.0,
      80.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "name-segment",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      604.0,
      100.0,
      22.0
     ],
     "text": "segment"
    }
   },
   {
    "box": {
     "id": "show-token",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      130.0,
      580.0,
      80.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "name-token",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      130.0,
      604.0,
      100.0,
      22.0
     ],
     "text": "token"
    }
   },
   {
    "box": {
     "id": "show-probability",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      240.0,
      580.0,
      80.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "name-probability",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      240.0,
      604.0,
      100.0,
      22.0
     ],
     "text": "probability"
    }
   },
   {
    "box": {
     "id": "show-source",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      350.0,
      580.0,
      80.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "name-source",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      350.0,
      604.0,
      100.0,
      22.0
     ],
     "text": "source"
    }
   },
   {
    "box": {
     "id": "show-file",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      480.0,
      580.0,
      300.0,
      22.0
     ],
     "text": "",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "print-status",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      340.0,
      545.0,
      120.0,
      22.0
     ],
     "text": "print antiphon-status"
    }
   },
   {
    "box": {
     "id": "print-refused",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      490.0,
      545.0,
      120.0,
      22.0
     ],
     "text": "print antiphon-refused"
    }
   },
   {
    "box": {
     "id": "print-hello",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      640.0,
      545.0,
      120.0,
      22.0
     ],
     "text": "print antiphon-hello"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "cue-start",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-stop",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-panic",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-keep",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-release",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-reject",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-jump",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "cue-tap",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-follow",
      0
     ],
     "destination": [
      "set-follow",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-follow",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-lead",
      0
     ],
     "destination": [
      "set-lead",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-lead",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-commit",
      0
     ],
     "destination": [
      "set-commit",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-commit",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-density",
      0
     ],
     "destination": [
      "set-density",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-density",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-temperature",
      0
     ],
     "destination": [
      "set-temperature",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-temperature",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-novelty",
      0
     ],
     "destination": [
      "set-novelty",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-novelty",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-volume",
      0
     ],
     "destination": [
      "set-volume",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-volume",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "dial-tempo",
      0
     ],
     "destination": [
      "set-tempo",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "set-tempo",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-0",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-1",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-2",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-3",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-4",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-5",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-6",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-7",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-8",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "word-9",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "keys",
      0
     ],
     "destination": [
      "pack",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "keys",
      1
     ],
     "destination": [
      "pack",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "pack",
      0
     ],
     "destination": [
      "note",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "note",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "load",
      0
     ],
     "destination": [
      "on",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "on",
      0
     ],
     "destination": [
      "metro",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "metro",
      0
     ],
     "destination": [
      "subscribe",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "subscribe",
      0
     ],
     "destination": [
      "send",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "receive",
      0
     ],
     "destination": [
      "route",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "route",
      0
     ],
     "destination": [
      "unpack",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "unpack",
      0
     ],
     "destination": [
      "show-segment",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "unpack",
      5
     ],
     "destination": [
      "show-token",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "unpack",
      6
     ],
     "destination": [
      "show-probability",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "unpack",
      9
     ],
     "destination": [
      "show-source",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "unpack",
      8
     ],
     "destination": [
      "show-file",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "route",
      2
     ],
     "destination": [
      "print-status",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "route",
      3
     ],
     "destination": [
      "print-refused",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "route",
      6
     ],
     "destination": [
      "print-hello",
      0
     ]
    }
   }
  ],
  "dependency_cache": [],
  "autosave": 0
 }
}
