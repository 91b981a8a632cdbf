using System.Globalization;

namespace VirtualCard.Ptx;

/// <summary>Parses a module: its variables and functions, and what these declare.</summary>
internal sealed class Parser
{
    private readonly TokenReader _reader;

    private readonly Scope _globals = new(null);

    private readonly Dictionary<string, Function> _functions = new(StringComparer.Ordinal);

    private readonly VariableParser _variables;

    private readonly InstructionParser _instructions;

    public Parser(string text)
    {
        _reader = new(text);
        _variables = new(_reader);
        _instructions = new(_reader, _globals, _functions);
    }

    public Module ParseModule()
    {
        while (!_reader.IsAtEnd)
        {
            switch (_reader.CurrentText)
            {
                case ".visible" or ".extern" or ".weak" or ".common":
                    ParseItem(isExtern: _reader.NextText() is ".extern");
                    break;
                case ".pragma" or ".alias":
                    _reader.SkipTo(';');
                    break;
                case ".section":
                    _reader.SkipTo('{');
                    _reader.SkipBraces();
                    break;
                case ";":
                    _reader.Next();
                    break;
                default:
                    ParseItem(isExtern: false);
                    break;
            }
        }
        _instructions.ResolveNames();
        return new(_reader.Source, _reader.Directives, _functions, [.. _globals.Names.OfType<Variable>()]);
    }

    private void ParseItem(bool isExtern)
    {
        switch (_reader.CurrentText)
        {
            case ".entry" or ".func":
                ParseFunction();
                break;
            case ".global" or ".const" or ".shared":
                foreach (var variable in _variables.Parse(isExtern))
                    Declare(_globals, variable.Name, variable);
                _reader.Expect(';');
                break;
            default:
                throw _reader.Failure($"unsupported module-level item '{_reader.CurrentText}'");
        }
    }

    private void Declare(Scope scope, string name, Operand meaning)
    {
        if (!scope.TryDeclare(name, meaning))
            throw _reader.Failure($"duplicate definition of '{name}'");
    }

    private void ParseFunction()
    {
        var line = _reader.Line;
        var isEntry = _reader.NextText() is ".entry";
        var scope = new Scope(_globals);
        var results = _reader.Is('(') ? ParseParameters(scope) : [];
        var name = _reader.NextText().ToString();
        var parameters = _reader.Is('(') ? ParseParameters(scope) : [];
        var function = new Function { Name = name, IsEntry = isEntry, Line = line, Parameters = parameters, Results = results };
        while (!_reader.Is('{') && !_reader.Is(';'))
            ParseAttribute(function);
        if (_reader.Accept(';'))
        {
            _functions.TryAdd(name, function);
            return;
        }
        if (_functions.TryGetValue(name, out var old) && old.Body is not null)
            throw _reader.Failure($"function '{name}' defined twice");
        _functions[name] = function;
        _reader.Expect('{');
        function.Body = [];
        ParseBlock(function, scope);
    }

    private void ParseAttribute(Function function)
    {
        var attribute = _reader.NextText();
        switch (attribute)
        {
            case ".maxntid" or ".reqntid" or ".minnctapersm" or ".maxnreg" or ".maxnctapersm" or ".reqnctapercluster" or ".maxclusterrank":
                List<int> numbers = [];
                do
                {
                    numbers.Add((int)_reader.ReadInteger());
                } while (_reader.Accept(','));
                function.Directives[attribute[1..].ToString()] = [.. numbers];
                break;
            case ".pragma":
                do
                {
                    _reader.Next();
                } while (_reader.Accept(','));
                _reader.Accept(';');
                break;
            case ".noreturn" or ".explicitcluster":
                break;
            default:
                throw _reader.Failure($"unsupported function attribute '{attribute}'");
        }
    }

    private Operand[] ParseParameters(Scope scope)
    {
        _reader.Expect('(');
        List<Operand> parameters = [];
        while (!_reader.Accept(')'))
        {
            if (_reader.CurrentText is ".reg")
            {
                _reader.Next();
                var type = ParseRegisterType();
                var register = new Register(_reader.NextText().ToString(), type);
                Declare(scope, register.Name, register);
                parameters.Add(register);
            }
            else
            {
                foreach (var variable in _variables.Parse())
                {
                    Declare(scope, variable.Name, variable);
                    parameters.Add(variable);
                }
            }
            _reader.Accept(',');
        }
        return [.. parameters];
    }

    /// <summary>What stands between braces, of which the first is read.</summary>
    private void ParseBlock(Function function, Scope scope)
    {
        while (!_reader.Accept('}'))
        {
            switch (_reader.CurrentText)
            {
                case "{":
                    _reader.Next();
                    ParseBlock(function, new(scope));
                    break;
                case ";":
                    _reader.Next();
                    break;
                case ".reg":
                    ParseRegisters(scope);
                    break;
                case ".local" or ".shared" or ".param" or ".const" or ".global":
                    foreach (var variable in _variables.Parse())
                    {
                        Declare(scope, variable.Name, variable);
                        function.Variables.Add(variable);
                    }
                    _reader.Expect(';');
                    break;
                case ".pragma":
                    _reader.SkipTo(';');
                    break;
                case ".branchtargets":
                    throw _reader.Failure(".branchtargets without a label");
                default:
                    function.Body!.Add(_reader.Current.Kind == TokenKind.Identifier && _reader.IsFollowedBy(':') ? ParseLabel(scope) : _instructions.Parse(scope));
                    break;
            }
        }
    }

    private Label ParseLabel(Scope scope)
    {
        var label = new Label(_reader.NextText().ToString());
        _reader.Expect(':');
        if (!scope.TryDeclare(label))
            throw _reader.Failure($"duplicate label '{label.Name}'");
        switch (_reader.CurrentText)
        {
            case ".branchtargets" or ".calltargets":
                _reader.Next();
                List<string> names = [];
                do
                {
                    names.Add(_reader.NextText().ToString());
                } while (_reader.Accept(','));
                _reader.Expect(';');
                _instructions.ResolveLater(label, names, scope);
                break;
            case ".callprototype":
                _reader.SkipTo(';');
                break;
        }
        return label;
    }

    private PtxType ParseRegisterType()
    {
        var name = _reader.NextText();
        if (name is ".v2" or ".v4")
            throw _reader.Failure("vector registers are not supported");
        return name is ['.', .. var typeName] && PtxTypes.TryParse(typeName, out var type) ? type : throw _reader.Failure($"unknown register type {name}");
    }

    private void ParseRegisters(Scope scope)
    {
        _reader.Next();
        var type = ParseRegisterType();
        do
        {
            var name = _reader.NextText().ToString();
            if (!_reader.Accept('<'))
            {
                Declare(scope, name, new Register(name, type));
                continue;
            }
            var count = _reader.ReadInteger();
            _reader.Expect('>');
            for (var i = 0; i < count; i++)
            {
                var numbered = string.Create(CultureInfo.InvariantCulture, $"{name}{i}");
                Declare(scope, numbered, new Register(numbered, type));
            }
        } while (_reader.Accept(','));
        _reader.Expect(';');
    }
}
