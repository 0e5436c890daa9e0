// An oxlint rule: at most 4 parameters, 6 for a constructor, whose parameters are what is injected.
const limits = { function: 4, constructor: 6 };

const check = (context) => (node) => {
  const kind = node.parent.kind === 'constructor' ? 'constructor' : 'function';
  if (node.params.length > limits[kind])
    context.report({ node, message: `${node.params.length} parameters; a ${kind} has at most ${limits[kind]}` });
};

const maxParameters = {
  create: (context) => ({
    FunctionDeclaration: check(context),
    FunctionExpression: check(context),
    ArrowFunctionExpression: check(context),
  }),
};

export default { meta: { name: 'stoa' }, rules: { 'max-parameters': maxParameters } };
