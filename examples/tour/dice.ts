const rolls = Array.from({ length: 5 }, () => 1 + Math.floor(Math.random() * 6));
console.log(rolls.join(" "), "at", new Date(Math.floor(Date.now() / 1000) * 1000).toISOString());
