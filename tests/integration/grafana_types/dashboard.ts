// What the JSON of a dashboard has to be: Grafana's published types. Those of the dashboard and its panels are Grafana's own,
// that of a query to Prometheus stands only in the foundation SDK.
import type { Dashboard, FieldConfig, Panel, RowPanel } from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

// An enumeration of strings does not take the strings that JSON has for it; its values as literals do.
type InJson<T> =
  T extends string ? `${T}` :
  T extends number | boolean | null | undefined ? T :
  T extends object ? { [Key in keyof T]: InJson<T[Key]> } :
  T;

type Query = Omit<Dataquery, '_implementsDataqueryVariant'>;

// Grafana's type leaves options, custom fields and queries open, because plug-ins bring them; those of the panels used here are known.
type Shown<Kind extends string, Options, Custom> = Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Kind;
  options: Options;
  targets: Query[];
  fieldConfig: { defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom }; overrides: never[] };
};

type Known =
  | Shown<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Shown<'stat', stat.Options, never>
  | Shown<'table', table.Options, table.FieldConfig>
  | Shown<'timeseries', timeseries.Options, timeseries.FieldConfig>;

// `weekStart` and the like are optional; what a dashboard must not have is found as a surplus property.
export type CheckedDashboard = InJson<Omit<Dashboard, 'panels'> & { panels: Array<Known | RowPanel> }>;
