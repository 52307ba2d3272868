// Read by Video.js while it loads: no style elements, which the content security policy forbids.
// What they would have said stands in player.css.
(window as unknown as { VIDEOJS_NO_DYNAMIC_STYLE: boolean }).VIDEOJS_NO_DYNAMIC_STYLE = true;

export {};
