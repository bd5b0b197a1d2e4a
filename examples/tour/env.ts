import { env } from "b8g";
console.log(typeof env("LANG"));
try {
  env("AWS_SECRET_ACCESS_KEY");
} catch (error) {
  console.log((error as Error).name);
}
