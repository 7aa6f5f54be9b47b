/* This page is shown where there is no open session: tabs that still show one have to go. */
"use strict";

new BroadcastChannel("primum").postMessage("leave");
