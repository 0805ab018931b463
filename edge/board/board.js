// Fetches the page anew and takes over what is in <main>. When the edge does not answer, what is shown is marked old.
(() => {
  const EVERY = 5000, PATIENCE = 8000;
  const lost = document.getElementById("lost");
  async function look() {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.querySelector("style").textContent !== document.querySelector("style").textContent) location.reload();
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.title = fresh.title;
  }
  async function turn() {
    try {
      await look();
      lost.hidden = true;
    } catch {
      lost.querySelector("time").textContent = document.querySelector("main").dataset.now;
      lost.hidden = false;
    }
    document.body.classList.toggle("old", !lost.hidden);
    setTimeout(turn, EVERY);
  }
  setTimeout(turn, EVERY);
})();
