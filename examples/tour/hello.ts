const who: string = "world";
console.log(`hello, ${who}`);
