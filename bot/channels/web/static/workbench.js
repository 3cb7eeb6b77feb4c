// Measures each drawing as it really stands on the screen, and shows the page anew when the content on disk changed.
(() => {
  "use strict";
  const SCREEN = 640;  // points of a phone's screen, as high as a drawing
  for (const phone of document.querySelectorAll(".phone")) {
    const place = phone.parentElement.querySelector(".measured");
    const top = phone.firstElementChild?.getBoundingClientRect().top, bottom = phone.lastElementChild?.getBoundingClientRect().bottom;
    const filled = `${((bottom - top) / SCREEN).toFixed(1)} screens here`;
    place.textContent = [filled, place.dataset.measure].filter(Boolean).join("; ");
  }
  const here = document.querySelector(".tree [aria-current]"), tree = document.querySelector(".tree");
  if (here && tree) tree.scrollTop = here.offsetTop - tree.clientHeight / 2;
  document.getElementById("trees")?.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.querySelector(".here")?.scrollIntoView({ block: "center", inline: "center" });
  });
  const number = document.body.dataset.number;
  if (number === "") return;
  const kept = sessionStorage.getItem("footnote:scroll");
  if (kept) { scrollTo(0, Number(kept)); sessionStorage.removeItem("footnote:scroll"); }
  const news = new EventSource(`/workbench/news?after=${number}`);
  news.onmessage = () => {
    if (document.activeElement?.name === "say" && document.activeElement.value !== document.activeElement.defaultValue) return;
    sessionStorage.setItem("footnote:scroll", String(scrollY));
    location.reload();
  };
  addEventListener("pagehide", () => news.close());
})();
