"""Phano's icons: strokes of 1.5 on a grid of 16, drawn for this product. `{% icon "name" %}` shows one."""

ICONS: dict[str, str] = {
    # Screens
    "today": '<path d="M2.5 4h11M2.5 8h6.5M2.5 12h4"/><path d="m10 11.8 1.7 1.7 3-3.7"/>',
    "matrix": '<path d="M2.5 2.5v11h11"/><circle cx="6" cy="9.8" r="1.3"/><circle cx="10.8" cy="5.2" r="2.2"/>',
    "accounts": '<path d="M3 13.5V4l5-2v11.5M8 6.5h5v7M1.5 13.5h13M5.3 6.5h.4M5.3 9.5h.4M10.4 9.5h.3"/>',
    "expansion": '<path d="M2 3.5h12L9.5 8.6v3.9l-3 1.5V8.6z"/>',
    "renewals": '<rect x="2.5" y="3.5" width="11" height="10" rx="1.5"/><path d="M2.5 6.8h11M5.5 2v3M10.5 2v3"/>',
    "kpis": '<path d="M2.5 13.5h11M4.2 11V8.5M8 11V3.8M11.8 11V6.2"/>',
    "import": '<path d="M8 10.5V3M5 6l3-3 3 3M3 13h10"/>',
    "members": '<circle cx="6" cy="5.6" r="2.3"/><path d="M2 13c.3-2.6 1.8-4 4-4s3.7 1.4 4 4"/>'
    '<path d="M10.5 3.6a2.3 2.3 0 0 1 0 4M12 9.6c1.2.6 1.8 1.8 2 3.4"/>',
    "privacy": '<path d="M8 2 3 4v4c0 3 2 5 5 6 3-1 5-3 5-6V4z"/>',
    "audit": '<rect x="2.5" y="2.5" width="11" height="11" rx="1.5"/><path d="M2.5 6h11M6 6v7.5"/>',
    "settings": '<circle cx="8" cy="8" r="2"/><path d="M8 2v2M8 12v2M2 8h2M12 8h2M3.8 3.8l1.4 1.4M10.8 10.8l1.4 1.4'
    'M12.2 3.8l-1.4 1.4M5.2 10.8l-1.4 1.4"/>',
    "integrations": '<path d="M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5V14"/>',
    "model": '<path d="M2.5 4.5h7M12.5 4.5h1M2.5 8h2M7.5 8h6M2.5 11.5h6M11.5 11.5h2"/>'
    '<circle cx="11" cy="4.5" r="1.5"/><circle cx="6" cy="8" r="1.5"/><circle cx="10" cy="11.5" r="1.5"/>',
    "track-record": '<path d="M2.5 13.5v-11M2.5 13.5h11"/><path d="m4.5 11 3-3.6 2 1.6 4-5"/>',
    "act-outcomes": '<path d="M2.5 8h4M9.5 4.2h4M9.5 11.8h4M6.5 8c1.6 0 1.4-3.8 3-3.8M6.5 8c1.6 0 1.4 3.8 3 3.8"/>',
    # Sources
    "crm": '<circle cx="6" cy="5.6" r="2.3"/><path d="M2 13c.3-2.6 1.8-4 4-4s3.7 1.4 4 4"/>'
    '<path d="M10.5 3.6a2.3 2.3 0 0 1 0 4M12 9.6c1.2.6 1.8 1.8 2 3.4"/>',
    "usage": '<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>',
    "support": '<path d="M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z"/>',
    "billing": '<path d="M4 1.8h8v12.4l-2-1.2-2 1.2-2-1.2-2 1.2zM6.2 5.2h3.6M6.2 8.2h3.6"/>',
    # Acts
    "mail": '<rect x="2" y="3.5" width="12" height="9" rx="1.5"/><path d="m2.5 4.7 5.5 4.3 5.5-4.3"/>',
    "phone": '<path d="M3.5 2.5h2l1.2 3-1.5 1.2a8 8 0 0 0 4.1 4.1l1.2-1.5 3 1.2v2c0 .6-.4 1-1 1A10 10 0 0 1 2.5 3.5'
    'c0-.6.4-1 1-1z"/>',
    "meet": '<circle cx="5.2" cy="5.5" r="2"/><circle cx="11" cy="6" r="1.6"/>'
    '<path d="M1.8 12.8c.2-2.2 1.5-3.6 3.4-3.6s3.2 1.4 3.4 3.6M10.4 9.3c2.2-.2 3.6 1.2 3.8 3.2"/>',
    "check": '<path d="m3.5 8.5 3 3 6-7"/>',
    "clock": '<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3l2 1.5"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "undo": '<path d="M5.5 3 2.5 6l3 3M2.5 6h6.8a3.7 3.7 0 0 1 0 7.5H6"/>',
    "plus": '<path d="M8 3.5v9M3.5 8h9"/>',
    "edit": '<path d="m9.8 3.7 2.5 2.5M3 13l.6-2.9 7.5-7.4a1 1 0 0 1 1.4 0l.8.8a1 1 0 0 1 0 1.4L5.9 12.4z"/>',
    "trash": '<path d="M3 4.5h10M6 4.5V3h4v1.5M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4"/>',
    "download": '<path d="M8 3v7.5M5 7.5l3 3 3-3M3 13h10"/>',
    "save": '<path d="M4 2.5h8v11L8 10.8l-4 2.7z"/>',
    "search": '<circle cx="7" cy="7" r="4.2"/><path d="m10.2 10.2 3.3 3.3"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5v-2c0-.6-.4-1-1-1h-6'
    'c-.6 0-1 .4-1 1v6c0 .6.4 1 1 1h2"/>',
    "sign-out": '<path d="M6.5 2.5h-3c-.6 0-1 .4-1 1v9c0 .6.4 1 1 1h3M10 5l3 3-3 3M13 8H6"/>',
    "external": '<path d="M9.5 2.5h4v4M13.5 2.5 7.5 8.5"/>'
    '<path d="M11.5 9.5v3c0 .6-.4 1-1 1h-7c-.6 0-1-.4-1-1v-7c0-.6.4-1 1-1h3"/>',
    "stop": '<rect x="4" y="4" width="8" height="8" rx="1"/>',
    # Signs
    "up": '<path d="M8 13V3M4 7l4-4 4 4"/>',
    "down": '<path d="M8 3v10M4 9l4 4 4-4"/>',
    "right": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "chevron": '<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>',
    "chevrons": '<path d="m5 6.2 3-3 3 3M5 9.8l3 3 3-3"/>',
    "back": '<path d="m9.5 4.5-3.5 3.5 3.5 3.5"/>',
    "next": '<path d="m6.5 4.5 3.5 3.5-3.5 3.5"/>',
    "info": '<circle cx="8" cy="8" r="5.5"/><path d="M8 7.5V11M8 5.2v.1"/>',
    "warning": '<path d="M8 2.5 14 13H2zM8 6.5V9.5M8 11.3v.1"/>',
    "question": '<circle cx="8" cy="8" r="5.5"/><path d="M6.4 6.4a1.7 1.7 0 1 1 2.4 1.7c-.5.3-.8.6-.8 1.2M8 11.3v.1"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "key": '<circle cx="5" cy="8" r="2.5"/><path d="M7.5 8h6v2.5M11 8v2"/>',
    "more": '<path d="M4 8h.01M8 8h.01M12 8h.01"/>',
    "trend": '<path d="m2.5 11 3.5-4 2.5 2 5-5.5M10.5 3.5h3v3"/>',
    "table": '<rect x="2.5" y="3" width="11" height="10" rx="1.5"/><path d="M2.5 6.3h11M6.3 6.3V13"/>',
    "filter": '<path d="M2.5 4.5h11M4.5 8h7M6.5 11.5h3"/>',
    "keyboard": '<rect x="1.5" y="4" width="13" height="8" rx="1.5"/><path d="M4 6.5h.01M6.7 6.5h.01"/>'
    '<path d="M9.3 6.5h.01M12 6.5h.01M5 9.5h6"/>',
    "globe": '<circle cx="8" cy="8" r="5.5"/><path d="M2.5 8h11"/>'
    '<path d="M8 2.5c2 1.6 2.6 3.5 2.6 5.5S10 11.9 8 13.5C6 11.9 5.4 10 5.4 8S6 4.1 8 2.5z"/>',
    "milestone": '<path d="M4 14V2.5M4 3h8l-2 2.5L12 8H4"/>',
    "plan": '<rect x="3.5" y="2.5" width="9" height="11" rx="1.5"/><path d="M6 6h4M6 9h4"/>',
    "survey": '<path d="m8 2.5 1.7 3.4 3.8.6-2.7 2.7.6 3.8L8 11.2 4.6 13l.6-3.8L2.5 6.5l3.8-.6z"/>',
    "file": '<path d="M4.5 2h5l3 3v9h-8zM9.5 2v3h3"/>',
    "organization": '<rect x="3" y="2.5" width="10" height="11" rx="1.5"/><path d="M6 5.5h.5M9.5 5.5h.5"/>'
    '<path d="M6 8.5h.5M9.5 8.5h.5M7 13.5v-2h2v2"/>',
}
