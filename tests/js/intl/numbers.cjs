// Numbers in many languages and forms.
const numbers = [0, -0, 5, -1, 0.5, 12, 999.995, 1234.5, 999999, -98765.4321, 1.5e-7, 1e15, NaN, -Infinity, 1234567890123456n, "1.0000000000000000000000001"];
const options = [
  {}, { style: "percent", maximumFractionDigits: 1 }, { minimumFractionDigits: 2 }, { maximumSignificantDigits: 3 }, { minimumSignificantDigits: 3 }, { useGrouping: false }, { useGrouping: "min2" }, { minimumIntegerDigits: 4 },
  { signDisplay: "always" }, { signDisplay: "exceptZero" }, { signDisplay: "never" }, { signDisplay: "negative" }, { notation: "scientific" }, { notation: "engineering" }, { notation: "compact" }, { notation: "compact", maximumFractionDigits: 1 },
  ...["USD", "EUR", "JPY", "INR"].map((currency) => ({ style: "currency", currency })), ...["code", "name", "narrowSymbol"].map((currencyDisplay) => ({ style: "currency", currency: "USD", currencyDisplay })),
  { style: "currency", currency: "EUR", currencySign: "accounting" }, ...["short", "narrow", "long"].map((unitDisplay) => ({ style: "unit", unit: "kilometer-per-hour", unitDisplay })), { style: "unit", unit: "gram-per-minute" }, { style: "unit", unit: "percent" },
  { roundingMode: "floor", maximumFractionDigits: 0 }, { roundingMode: "halfEven", maximumFractionDigits: 0 }, { roundingIncrement: 5, maximumFractionDigits: 2, minimumFractionDigits: 2 }, { trailingZeroDisplay: "stripIfInteger", minimumFractionDigits: 2 },
  { roundingPriority: "morePrecision", maximumSignificantDigits: 3, maximumFractionDigits: 1 }, { roundingPriority: "lessPrecision", maximumSignificantDigits: 3, maximumFractionDigits: 1 }, { numberingSystem: "arab" }, { numberingSystem: "deva" },
];
for (const locale of ["en", "de", "fr", "es", "ja", "ar", "hi", "de-CH", "pl"]) {
  for (const option of options) {
    const format = new Intl.NumberFormat(locale, option);
    if (locale === "en") console.log(JSON.stringify(format.resolvedOptions()));
    console.log(locale, JSON.stringify(option), numbers.map(format.format).join(" | "));
    if (locale === "de" || locale === "ar") console.log(JSON.stringify(format.formatToParts(-98765.4321)));
  }
}
