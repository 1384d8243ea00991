/**
 * Resolves names: the procedures of a statement's call sites against the catalogue, their arguments against the
 * procedures' parameters (1-language, 1.3). Reports every mistake it finds; never looks at values, performs no I/O.
 */
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Catalog, Parameter, Procedure } from "../catalog/procedure.ts";
import { allParametersOf, pseudoNames } from "../catalog/pseudo-parameters.ts";
import type { Argument, CallSite, Name } from "../parser/syntax.ts";
import { known } from "../diagnostics/known.ts";

/** A call site whose arguments have found their parameters. */
export interface BoundSite {
  readonly site: CallSite;
  readonly procedure: Procedure;
  /** By parameter position, the pseudo-parameters behind the procedure's own; undefined: not given. */
  readonly slots: readonly (BoundArgument | undefined)[];
}

export interface BoundArgument {
  readonly argument: Argument;
  /** Call sites inside the expression, bound in their turn. */
  readonly sites: readonly BoundSite[];
}

export interface BindContext {
  readonly catalog: Catalog;
  /** Whether SET DEFAULT gives the parameter a value, so that the call may leave it out. */
  readonly hasDefault: (procedure: Procedure, parameter: Parameter) => boolean;
}

/** What names the connection of a site's calls. */
export function connectionArgument({ procedure, slots }: BoundSite): BoundArgument | undefined {
  return slots[procedure.parameters.length + pseudoNames.indexOf("Connection")];
}

/** A site that does not bind is reported and left out. */
export function bindSites(
  sites: readonly CallSite[],
  context: BindContext,
  sink: DiagnosticSink,
): readonly BoundSite[] {
  return sites.flatMap((site) => bindSite(site, context, sink) ?? []);
}

function bindSite(site: CallSite, context: BindContext, sink: DiagnosticSink): BoundSite | undefined {
  const named = context.catalog.find(site.procedure.text);
  if (named === undefined) {
    const names = context.catalog.procedures.map((procedure) => procedure.name);
    sink.report("bind/unknown-procedure", site.procedure.span, {
      procedure: site.procedure.text,
      suggestion: suggest(site.procedure.text, names),
    });
    for (const argument of site.arguments) bindSites(argument.sites, context, sink);
    return undefined;
  }
  const procedure = overloaded(named, site, context.catalog);
  const slots = new Slots(procedure, sink);
  for (const argument of site.arguments) {
    slots.place({ argument, sites: bindSites(argument.sites, context, sink) });
  }
  slots.reportMissing(site.procedure, context);
  return { site, procedure, slots: slots.list };
}

/** The documentation prints EditImage's command as GenerateImage with an Image: the catalogue declares such cases. */
function overloaded(procedure: Procedure, site: CallSite, catalog: Catalog): Procedure {
  const overload = procedure.overloads.find(({ when }) =>
    site.arguments.some(
      (argument) =>
        (argument.name?.text ?? argument.bind?.slice(1) ?? "").toLowerCase() === when.toLowerCase(),
    ),
  );
  return overload === undefined ? procedure : (catalog.find(overload.use) ?? procedure);
}

/** The parameters of one call, filled argument by argument. */
class Slots {
  readonly list: (BoundArgument | undefined)[];
  readonly #procedure: Procedure;
  readonly #parameters: readonly Parameter[];
  readonly #sink: DiagnosticSink;
  readonly #moved: string[] = [];
  #position = 0;
  #lastNamed: Name | undefined;
  #hasMistake = false;

  constructor(procedure: Procedure, sink: DiagnosticSink) {
    this.#procedure = procedure;
    this.#parameters = allParametersOf(procedure);
    this.#sink = sink;
    this.list = this.#parameters.map(() => undefined);
  }

  place(bound: BoundArgument): void {
    const { argument } = bound;
    if (argument.name !== undefined) {
      this.#placeNamed(bound, argument.name);
      return;
    }
    const position = this.#position++;
    if (this.#lastNamed !== undefined) {
      const related = [{ span: this.#lastNamed.span, message: "named here" }];
      const details = { procedure: this.#procedure.name, named: this.#lastNamed.text };
      this.#mistaken().report("bind/positional-after-named", argument.span, details, related);
      return;
    }
    const byBind =
      argument.bind === undefined ? undefined : this.#procedure.findParameter(argument.bind.slice(1));
    if (byBind !== undefined) {
      if (byBind.position !== position) this.#moved.push(known(argument.bind));
      this.#fill(byBind, bound);
      return;
    }
    const positionalMax = this.#procedure.parameters.filter((item) => item.isExtension !== true).length;
    if (position >= positionalMax) {
      const details = { procedure: this.#procedure.name, max: positionalMax, given: position + 1 };
      this.#mistaken().report("bind/too-many-arguments", argument.span, details);
      return;
    }
    this.#fill(known(this.#procedure.parameters[position]), bound);
  }

  reportMissing(name: Name, context: BindContext): void {
    const missing = this.#procedure.parameters.filter(
      (parameter) =>
        parameter.required === true &&
        parameter.default === undefined &&
        parameter.defaultModel === undefined &&
        this.list[parameter.position] === undefined &&
        !context.hasDefault(this.#procedure, parameter),
    );
    // A mistake in another argument may be the missing one misspelt: say that one only.
    const [first] = missing;
    if (first === undefined || this.#hasMistake) return;
    this.#sink.report("bind/missing-parameter", name.span, {
      procedure: this.#procedure.name,
      parameters: missing.map((parameter) => parameter.name),
      summary: first.summary.replace(/\.$/, ""),
      moved: this.#moved,
    });
  }

  #placeNamed(bound: BoundArgument, name: Name): void {
    this.#lastNamed = name;
    const isNamed = (item: Parameter): boolean => item.name.toLowerCase() === name.text.toLowerCase();
    const parameter = this.#procedure.findParameter(name.text) ?? this.#parameters.find(isNamed);
    if (parameter === undefined) {
      const names = this.#parameters.flatMap((item) => [item.name, ...(item.aliases ?? [])]);
      const details = {
        procedure: this.#procedure.name,
        parameter: name.text,
        suggestion: suggest(name.text, names),
      };
      this.#mistaken().report("bind/unknown-parameter", name.span, details);
      return;
    }
    this.#fill(parameter, bound);
  }

  #fill(parameter: Parameter, bound: BoundArgument): void {
    const before = this.list[parameter.position];
    if (before !== undefined) {
      const related = [{ span: before.argument.span, message: "the first one" }];
      const details = { procedure: this.#procedure.name, parameter: parameter.name };
      this.#mistaken().report("bind/duplicate-argument", bound.argument.span, details, related);
      return;
    }
    this.list[parameter.position] = bound;
  }

  #mistaken(): DiagnosticSink {
    this.#hasMistake = true;
    return this.#sink;
  }
}
