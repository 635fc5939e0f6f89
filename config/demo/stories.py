"""The risks of the demo: whose, where, and what was done how many working days ago.

A course reads `act@days` or `act@days:detail`, oldest first. Details: for `draft` the length of treatment in working
days, for `progress` the per cent done. What is not due yet, overdue or waiting follows from the days alone.
"""

from dataclasses import dataclass

from config.demo.people import ALUMINIUM, STATION
from risks.models import RiskState as S


@dataclass(frozen=True)
class Story:
    sort: str
    unit: str  # short name of the responsible unit; for an enterprise its name
    place: str
    state: S  # where the course leads; checked after loading
    course: str
    title: str = ""
    # Needed where the unit is not an enterprise, whose own they would be.
    sector: str = ""
    township: str = ""
    merged_into: str = ""  # title of the risk it was merged into


CITY = "蚌埠市"
# fmt: off
STORIES: tuple[Story, ...] = (
    # 查找、待研判
    Story("grinding", ALUMINIUM, "二车间打磨区 6 个工位", S.REGISTERED, "register@1"),
    Story("electric", f"{CITY}朝阳南路加油站", "站房东侧配电间", S.REGISTERED, "register@3 self@3"),
    Story("cinema", f"{CITY}星光影城有限公司", "3 号、5 号影厅", S.REGISTERED, "register@2 self@2"),
    Story("filling", f"{CITY}燕山液化石油气储配有限公司", "充装车间", S.AWAITING, "register@9 self@8"),
    Story("compressor", f"{CITY}雪华压缩天然气加气站", "压缩机房", S.AWAITING, "register@3 self@2"),
    Story("mall", f"{CITY}天桥百货商场有限公司", "地下一层", S.AWAITING, "register@4 self@3"),
    # 在册管控：一般、低风险
    Story("electric", STATION, "站房配电间", S.LISTED, "register@55 self@55 conclude@52"),
    Story("fireworks_shop", f"{CITY}纬二路日杂烟花经营部", "纬二路 133 号一层", S.LISTED, "register@40 self@39 conclude@36"),
    Story("fireworks_shop", f"{CITY}喜庆烟花爆竹零售店", "华夏路 27 号一层", S.LISTED, "register@40 self@39 conclude@36"),
    Story("fireworks_shop", f"{CITY}吉祥烟花零售店", "延安路 412 号一层", S.LISTED, "register@38 self@38 conclude@36"),
    Story("print", f"{CITY}雪华包装印刷有限公司", "印刷车间北侧", S.LISTED, "register@33 self@33 conclude@30"),
    Story("storage", f"{CITY}宏业仓储有限公司", "2 号库", S.LISTED, "register@31 self@31 conclude@28"),
    Story("grinding", f"{CITY}宏图家具有限公司", "砂光车间", S.LISTED, "register@29 self@28 conclude@26"),
    Story("heat", f"{CITY}宏业供热有限公司", "延安路换热站", S.LISTED, "register@27 self@27 conclude@25"),
    Story("bus", f"{CITY}安顺客运有限公司", "蚌埠至合肥班线", S.LISTED, "register@25 self@25 conclude@22"),
    Story("cylinder_test", f"{CITY}皖北气瓶检验站有限公司", "水压试验间", S.LISTED, "register@20 self@20 conclude@17"),
    # 待交办：未拟函、待核稿、待签发、已超过 3 个工作日
    Story("dust_bin", f"{CITY}燕山木业有限公司", "砂光粉料仓", S.GRADED, "register@6 self@5 conclude@2"),
    Story("dust_bin", f"{CITY}汇川塑粉制品有限公司", "混料间", S.GRADED, "register@7 self@6 conclude@2 draft@1:30", title="塑粉混料和输送管道"),
    Story("gas_cylinder", f"{CITY}龙湖加油加气站有限公司", "气瓶间", S.GRADED, "register@8 self@7 conclude@3 draft@2:25 check@1"),
    Story("dust_bin", f"{CITY}金麦面粉有限公司", "制粉楼三层", S.GRADED, "register@11 self@10 conclude@5", title="面粉料仓和提升机"),
    Story("crane", "安徽燕山置业有限公司（燕山新苑项目）", "3 号楼塔机", S.GRADED, "register@4 self@3 conclude@1"),
    Story("forklift", f"{CITY}顺达叉车租赁有限公司", "停放场", S.GRADED, "register@5 self@4 conclude@1"),
    # 待签收
    Story("tank", STATION, "站区东侧埋地罐区", S.HANDED_OVER, "register@8 self@8 conclude@4 draft@3:40 check@2 issue@1"),
    Story("dust_bin", ALUMINIUM, "一车间集尘仓", S.HANDED_OVER, "register@12 self@12 conclude@8 draft@7:30 check@6 issue@5", title="铝粉集尘仓和输送管道"),
    Story("confined", f"{CITY}黄庄酱腌菜食品厂", "2 号腌制池", S.HANDED_OVER, "register@7 self@6 conclude@3 draft@2:30 check@2 issue@1"),
    Story("crossing", "雪华乡", "雪华乡中心小学门前", S.HANDED_OVER, "register@8 self@8 conclude@4 draft@3:40 check@2 issue@2", sector="road"),
    # 治理
    Story("unloading", STATION, "卸油口", S.TREATING,
          "register@26 self@26 conclude@24 draft@23:45 check@23 issue@22 receive@21 plan@19 progress@15:20 progress@10:45 progress@5:60"),
    Story("lpg_tank", f"{CITY}燕山液化石油气储配有限公司", "1—3 号储罐", S.TREATING,
          "register@48 self@47 conclude@44 draft@43:35 check@42 issue@42 receive@41 plan@38 progress@33:20 progress@26:45 progress@18:60 progress@9:70"),
    Story("blasting", f"{CITY}大塘建筑石料矿", "东采区", S.TREATING,
          "register@30 self@29 conclude@26 draft@25:40 check@24 issue@24 receive@23 plan@20 progress@15:25 progress@8:50"),
    Story("gas_cylinder", f"{CITY}皖北工业气体有限公司", "成品库", S.TREATING,
          "register@58 self@57 conclude@54 draft@53:30 check@52 issue@52 receive@51 plan@49 progress@44:50 progress@38:90 apply@33 reject@27 "
          "countersign@26:20 progress@20:40 progress@12:70"),
    Story("compressor", f"{CITY}宏业燃气加气站有限公司", "压缩机撬", S.TREATING,
          "register@19 self@18 conclude@15 draft@14:35 check@13 issue@13 receive@11 plan@9 progress@4:25"),
    Story("pit", f"{CITY}宏业建筑工程有限公司", "宏业路商住楼基坑", S.TREATING,
          "register@22 self@22 conclude@20 draft@19:30 check@18 issue@18 receive@17 plan@15 progress@11:30 progress@6:55 progress@2:75"),
    Story("gas_pipe", f"{CITY}蚌山燃气管网服务有限公司", "纬二路 40—60 号段", S.TREATING,
          "register@45 self@44 conclude@41 draft@40:36 check@39 issue@38 receive@36 plan@33 progress@27:20 progress@19:40 progress@10:55"),
    Story("road_cliff", "燕山乡", "燕山村至大塘村 K2+300—K3+500", S.TREATING,
          "register@35 self@34 conclude@31 draft@30:50 check@29 issue@29 receive@27 plan@24 progress@18:30 progress@11:50 progress@4:65", sector="road"),
    Story("site", "区住建交通委", "东海大道（燕山路至龙湖路）", S.TREATING,
          "register@28 self@27 conclude@24 draft@23:40 check@22 issue@22 receive@21 plan@18 progress@12:35 progress@6:60",
          sector="construction", township="燕山乡"),
    # 待核查、待补正
    Story("polishing", ALUMINIUM, "一车间抛光线", S.APPLIED,
          "register@50 self@49 conclude@46 draft@45:40 check@44 issue@44 receive@43 plan@40 progress@34:30 progress@25:60 progress@15:95 apply@8 verify@1"),
    Story("ammonia", f"{CITY}雪华冷链物流有限公司", "制冷机房和 1 号速冻间", S.APPLIED,
          "register@47 self@46 conclude@43 draft@42:45 check@41 issue@41 receive@40 plan@37 progress@30:40 progress@20:75 progress@10:100 apply@4"),
    Story("fireworks", f"{CITY}宏业村烟花爆竹专营店", "后院库房", S.APPLIED,
          "register@52 self@51 conclude@48 draft@47:30 check@46 issue@46 receive@45 plan@43 progress@36:50 progress@28:100 apply@13", title="烟花爆竹专营店库房"),
    Story("crane", f"{CITY}皖江塔吊租赁有限公司", "在租 QTZ80 型 4 台", S.APPLIED,
          "register@34 self@33 conclude@30 draft@29:30 check@28 issue@28 receive@26 plan@24 progress@17:60 progress@9:100 apply@3", title="在租塔式起重机"),
    Story("ammonia", f"{CITY}黄庄冷冻食品厂", "氨压缩机房", S.CORRECTING,
          "register@46 self@45 conclude@42 draft@41:35 check@40 issue@40 receive@38 plan@36 progress@28:50 progress@16:90 apply@7 ask@2"),
    # 已销号
    Story("unloading", f"{CITY}雪华加油站有限公司", "卸油区", S.CLOSED,
          "register@62 self@61 conclude@58 draft@57:30 check@56 issue@56 receive@55 plan@53 progress@47:50 progress@40:100 apply@36 verify@30 countersign@29"),
    Story("fireworks", f"{CITY}燕山烟花爆竹批发有限公司", "2 号库", S.CLOSED,
          "register@60 self@60 conclude@57 draft@56:35 check@55 issue@54 receive@53 plan@50 progress@42:60 progress@33:100 apply@28 ask@26 supply@23 "
          "verify@18 countersign@17"),
    Story("ammonia", f"{CITY}湖滨水产冷库", "速冻间", S.CLOSED,
          "register@61 self@60 conclude@56 draft@55:25 check@54 issue@54 receive@52 plan@50 progress@44:70 apply@38 verify@24 countersign@23"),
    Story("trench", f"{CITY}蚌山市政建设有限公司", "朝阳路雨污分流二标段", S.CLOSED,
          "register@56 self@55 conclude@52 draft@51:25 check@50 issue@50 receive@49 plan@47 progress@40:80 apply@34 verify@27 countersign@26"),
    # 长期管控
    Story("slope", f"{CITY}燕山石料有限公司", "北采区 +85 m 平台", S.LONG_TERM,
          "register@80 self@79 conclude@76 draft@75:60 check@74 issue@74 receive@73 plan@70 progress@66:30 exit@64:long_term decide@61"),
    Story("casting", f"{CITY}燕山机械铸造有限公司", "熔炼车间", S.LONG_TERM,
          "register@84 self@83 conclude@80 draft@79:50 check@78 issue@78 receive@77 plan@75 progress@72:40 exit@70:long_term decide@68 watch@12"),
    # 已退出
    Story("slope", f"{CITY}姜桥采石场", "南采坑", S.EXITED, "register@50 self@50 conclude@47 exit@30:ceased decide@27", title="南采坑边坡"),
    Story("unloading", STATION, "卸油口西侧", S.EXITED, "register@18 self@18 conclude@16 exit@14:merged decide@12", title="加油站卸油区",
          merged_into="汽油卸油作业"),
)
# fmt: on
