using GpuOptim.Benchmarks.Html;
using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace GpuOptim.Tests.Benchmarks.Html;

/// <summary>The page in a real browser, without a network. <c>GPUOPTIM_SCREENSHOTS</c> names a folder to leave pictures in, to look at.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class BrowserTests
{
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];
    private string _folder = "";
    private string _address = "";
    private IBrowser? _browser;

    [OneTimeSetUp]
    public async Task Launch()
    {
        if (Chromium.Path is null)
            Assert.Ignore("There is no Chromium: none in GPUOPTIM_CHROMIUM, and neither chromium, chromium-browser nor google-chrome on the path.");
        _folder = Directory.CreateTempSubdirectory().FullName;
        var file = Path.Combine(_folder, "report.html");
        HtmlReport.Write(file, SampleReport.Create());
        _address = new Uri(file).AbsoluteUri;
        _browser = await Chromium.Launch(Path.Combine(_folder, "profile"));
    }

    [OneTimeTearDown]
    public async Task Close()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_folder.Length > 0)
            Directory.Delete(_folder, recursive: true);
    }

    [SetUp]
    public void Forget()
    {
        _complaints.Clear();
        _requests.Clear();
    }

    [TestCase(ColorScheme.Light, 1280, "#ffffff")]
    [TestCase(ColorScheme.Dark, 1280, "#0f141a")]
    [TestCase(ColorScheme.Light, 360, "#ffffff")]
    [TestCase(ColorScheme.Dark, 360, "#0f141a")]
    public async Task ItLoadsWithoutComplaintsOrRequests(ColorScheme scheme, int width, string paper)
    {
        await using var page = await Open(width, scheme);
        Assert.Multiple(async () =>
        {
            Assert.That(_requests, Is.EqualTo(new[] { _address }));
            Assert.That(_complaints, Is.Empty);
            Assert.That(await page.EvaluateExpressionAsync<int>("document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(width), "the page scrolls sideways");
            Assert.That(await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(Rgb(paper)));
            Assert.That(await VisibleCharts(page), Is.EqualTo(await page.EvaluateExpressionAsync<int>("document.querySelectorAll('figure.chart').length")).And.GreaterThan(5));
        });
        await Picture(page, $"{scheme}-{width}".ToLowerInvariant());
    }

    /// <summary>Texts of charts neither leave their drawing nor run into each other.</summary>
    [TestCase(1280)]
    [TestCase(360)]
    public async Task TextsOfChartsDoNotOverlap(int width)
    {
        await using var page = await Open(width);
        var found = await page.EvaluateFunctionAsync<string[]>("""
            () => Array.from(document.querySelectorAll('figure.chart svg')).filter(svg => svg.getClientRects().length > 0).flatMap(svg => {
              const frame = svg.getBoundingClientRect();
              const texts = Array.from(svg.querySelectorAll('text'), text => ({ name: text.textContent, isTurned: text.hasAttribute('transform'), box: text.getBoundingClientRect() }));
              const title = svg.querySelector('title').textContent;
              const outside = texts.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
                .map(({ name }) => `${title}: '${name}' is outside`);
              const touching = texts.flatMap((one, i) => texts.slice(i + 1).filter(other => !one.isTurned && !other.isTurned &&
                Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > 1 && Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > 4)
                .map(other => `${title}: '${one.name}' and '${other.name}' touch`));
              return outside.concat(touching);
            })
            """);
        Assert.That(found, Is.Empty);
    }

    [Test]
    public async Task TablesSortByClickAndByKey()
    {
        await using var page = await Open(1280);
        const string Header = "#chapter-throughput thead th";
        var headers = await page.EvaluateExpressionAsync<string[]>($"Array.from(document.querySelectorAll('{Header}'), header => header.textContent)");
        var column = Array.IndexOf(headers, "time");
        var before = await Cells(page, column);

        await page.ClickAsync($"{Header}:nth-child({column + 1}) button");
        var ascending = await Cells(page, column);
        Assert.That(ascending, Is.Ordered);
        Assert.That(ascending, Is.Not.EqualTo(before).And.EquivalentTo(before));
        Assert.That(await Sorts(page), Is.EqualTo(new[] { "ascending" }));

        await page.FocusAsync($"{Header}:nth-child({column + 1}) button");
        await page.Keyboard.PressAsync("Enter");
        Assert.That(await Cells(page, column), Is.Ordered.Descending);
        Assert.That(await Sorts(page), Is.EqualTo(new[] { "descending" }));

        var share = Array.IndexOf(headers, "of triad");
        await page.ClickAsync($"{Header}:nth-child({share + 1}) button");
        var shares = await Cells(page, share);
        Assert.That(shares.TakeWhile(value => value is not null), Is.Ordered.Descending);
        Assert.That(shares.SkipWhile(value => value is not null), Is.Not.Empty.And.All.Null, "what has no value comes last");
        Assert.That(await Sorts(page), Is.EqualTo(new[] { "descending" }));
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task ThePersonChoosesLightOrDark()
    {
        await using var page = await Open(1280, ColorScheme.Dark);
        await page.ClickAsync(".toggle");
        Assert.That(await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(Rgb("#ffffff")));
        await page.ClickAsync(".toggle");
        Assert.That(await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(Rgb("#0f141a")));
    }

    [Test]
    public async Task EverythingIsThereWithoutScript()
    {
        await using var page = await Open(1280, script: false);
        Assert.Multiple(async () =>
        {
            Assert.That(await VisibleCharts(page), Is.GreaterThan(5));
            Assert.That(await page.QuerySelectorAllAsync("tbody tr"), Has.Length.GreaterThan(100));
            Assert.That(await page.QuerySelectorAllAsync("button"), Is.Empty, "no button does nothing");
            Assert.That(_complaints, Is.Empty);
        });
        await Picture(page, "without-script");
    }

    [Test]
    public async Task ItPrints()
    {
        await using var page = await Open(1280, ColorScheme.Dark);
        var pdf = await page.PdfDataAsync(new() { Format = PaperFormat.A4, PrintBackground = true, PreferCSSPageSize = true });
        Assert.That(pdf, Has.Length.GreaterThan(50_000));
        await page.EmulateMediaTypeAsync(MediaType.Print);
        Assert.That(await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(Rgb("#ffffff")), "paper is light");
        if (Pictures is { } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, "report.pdf"), pdf);
    }

    /// <summary>A machine that was not still says so where it is seen first.</summary>
    [Test]
    public async Task WarningsStandAtTheTop()
    {
        var sample = SampleReport.Create();
        var file = Path.Combine(_folder, "warned.html");
        HtmlReport.Write(file, sample with { Noise = new(3.1, 0.085, 0.06, 2.4, ["The clock varied by 8.5 %.", "The host gave 6 % of the time to others."]) });
        await using var page = await Open(360, address: new Uri(file).AbsoluteUri);
        Assert.That(await page.EvaluateExpressionAsync<double>("document.querySelector('.noise').getBoundingClientRect().top"), Is.LessThan(400));
        Assert.That(_complaints, Is.Empty);
        await Picture(page, "warned");
    }

    private static string? Pictures => Environment.GetEnvironmentVariable("GPUOPTIM_SCREENSHOTS") is { Length: > 0 } folder ? Directory.CreateDirectory(folder).FullName : null;

    private static string Rgb(string hex) => $"rgb({Convert.ToInt32(hex[1..3], 16)}, {Convert.ToInt32(hex[3..5], 16)}, {Convert.ToInt32(hex[5..7], 16)})";

    private static Task<int> VisibleCharts(IPage page) =>
        page.EvaluateExpressionAsync<int>("Array.from(document.querySelectorAll('figure.chart svg')).filter(svg => svg.getClientRects().length > 0).length");

    private static Task<double?[]> Cells(IPage page, int column) => page.EvaluateExpressionAsync<double?[]>(
        $"Array.from(document.querySelector('#chapter-throughput tbody').rows, row => row.cells[{column}].dataset.key ?? null).map(key => key === null ? null : Number(key))");

    private static Task<string[]> Sorts(IPage page) => page.EvaluateExpressionAsync<string[]>("Array.from(document.querySelectorAll('th[aria-sort]'), header => header.getAttribute('aria-sort'))");

    private static async Task Picture(IPage page, string name)
    {
        if (Pictures is { } folder)
            await page.ScreenshotAsync(Path.Combine(folder, name + ".png"), new() { FullPage = true });
    }

    private async Task<IPage> Open(int width, ColorScheme scheme = ColorScheme.Light, bool script = true, string? address = null)
    {
        var page = await _browser!.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Message.Type is ConsoleType.Error or ConsoleType.Warning)
                _complaints.Add(message.Message.Text);
        };
        page.PageError += (_, failure) => _complaints.Add(failure.Message);
        page.RequestFailed += (_, request) => _complaints.Add(request.Request.Url);
        page.Request += (_, request) => _requests.Add(request.Request.Url);
        await page.SetOfflineModeAsync(true);
        await page.SetJavaScriptEnabledAsync(script);
        await page.SetViewportAsync(new() { Width = width, Height = 800 });
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme == ColorScheme.Dark ? "dark" : "light" }]);
        await page.GoToAsync(address ?? _address);
        return page;
    }

    public enum ColorScheme
    {
        Light,
        Dark,
    }
}
