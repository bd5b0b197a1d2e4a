"""Describes numbers: means, spread, quantiles, exact fractions and decimals."""
import math
import statistics
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction

data = [2.5, 3.25, 5.5, 11.25, 11.75, 3.25, 8.0]
print(statistics.mean(data), statistics.median(data), statistics.mode(data))
print(round(statistics.stdev(data), 10), round(statistics.pvariance(data), 10))
print(statistics.quantiles(data, n=4), statistics.multimode("aabbc"))
print(round(statistics.correlation([1, 2, 3, 4], [1, 3, 2, 5]), 10), statistics.linear_regression([1, 2, 3], [2, 4, 6]))
print(statistics.NormalDist(100, 15).cdf(115).__round__(6))
print(math.fsum([0.1] * 10), math.isclose(0.1 + 0.2, 0.3))
print(Fraction(3, 4) + Fraction("0.1"), Fraction(math.pi).limit_denominator(1000))
getcontext().prec = 40
print(Decimal(2).sqrt(), Decimal("2.675").quantize(Decimal("0.01"), ROUND_HALF_EVEN))
print(math.comb(50, 6), math.gcd(84, 36), math.perm(5, 2), math.prod(range(1, 11)))
print(divmod(-7, 3), -7 // 3, round(2.5), round(-0.5), 10**30 % 97, pow(3, -1, 11))
print(f"{1234567.891:,.2f} {0.00012345:.3e} {255:#x} {5:08.3f} {0.5:.0%}")
try:
    statistics.mean([])
except statistics.StatisticsError as error:
    print(type(error).__name__)
print(1e308 * 10, -math.inf < 0, math.nan == math.nan)
