(() => {
  let kept = "";
  try { kept = localStorage.getItem("benchbench-theme") || ""; } catch { /* a file may have no storage */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = kept || (dark ? "dark" : "light");
})();
