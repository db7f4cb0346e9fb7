"use strict";

// A problem's type is a path, /problems/out-of-stock; this page is at all of them.
const slug = location.pathname.split("/").pop();
if (slug && document.getElementById(slug)) location.hash = slug;
